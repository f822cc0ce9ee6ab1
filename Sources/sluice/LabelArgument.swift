import ArgumentParser
import SluiceAPI

/// `key=value` as flags give it.
struct LabelArgument: ExpressibleByArgument, Sendable {
    let label: Label

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        var label = Label()
        label.key = String(argument[..<equals])
        label.value = String(argument[argument.index(after: equals)...])
        self.label = label
    }
}
