/// Finds calls of which one would hide another, and fields that a call would leave out.
struct CallCheck {
    let routes: [PathRoute]
    let all: [ProtoFile]

    /// A sentence for each; empty where everything can be called in every way.
    func sentences() -> [String] {
        same(\.httpCall) + same { "the command \($0.noun) \($0.commandVerb)" }
            + routes.flatMap { FlagEmitter(all: all).conflicts($0) } + routes.flatMap(lost)
    }

    private func same(_ call: (PathRoute) -> String) -> [String] {
        var first: [String: String] = [:]
        return routes.compactMap { route in
            let name = "\(route.service.name).\(route.method.name)"
            guard let other = first.updateValue(name, forKey: call(route)) else { return nil }
            return "\(name) and \(other) would both be \(call(route)); rename one"
        }
    }

    private func lost(_ route: PathRoute) -> [String] {
        route.lost.map { parameter in
            let path = parameter.path.map(\.name).joined(separator: ".")
            return "\(route.service.name).\(route.method.name): \(path) holds messages, which the query of"
                + " \(route.httpMethod) \(route.template) cannot; make it plain values, or name the method otherwise"
        }
    }
}

extension PathRoute {
    /// What makes two methods the same call over HTTP.
    fileprivate var httpCall: String {
        let shape = template.split(separator: "/").map { part in
            part.hasPrefix("{") ? "{" + part.drop { $0 != "}" } : String(part)
        }
        return "\(httpMethod) /\(shape.joined(separator: "/"))"
    }
}
