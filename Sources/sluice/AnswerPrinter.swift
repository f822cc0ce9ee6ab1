import ArgumentParser
import Foundation
import Program
import RPC
import SluiceAPI
import Units

/// Prints answers as the user asked for them. What others wrote into them cannot steer the terminal.
struct AnswerPrinter {
    private let output: ParsedCommand.Output
    private let table: ResponseTable
    private let screen = LiveScreen()

    /// Tables are as wide as the terminal; elsewhere as `COLUMNS` says, or 120.
    init(_ output: ParsedCommand.Output, columns: [TableColumn] = [], chosen: [String] = []) {
        let given = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
        self.output = output
        table = ResponseTable(columns: columns, chosen: chosen, width: given ?? Terminal.width ?? 120)
    }

    func show(_ answer: JSONValue) {
        switch output {
        case .json: Terminal.line(PrintableText.escapedJSON(answer.text))
        case .yaml: Terminal.write(PrintableText.escapedJSON("---\n" + answer.yaml))
        case .table: screen.show(table.text(answer))
        }
    }
}

extension ParsedCommand.Output: ExpressibleByArgument {}
