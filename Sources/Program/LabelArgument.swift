internal import ArgumentParser
package import SluiceAPI

/// `key=value` as flags give it.
package struct LabelArgument: ExpressibleByArgument, Sendable {
    package let label: Label

    package init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        var label = Label()
        label.key = String(argument[..<equals])
        label.value = String(argument[argument.index(after: equals)...])
        self.label = label
    }
}
