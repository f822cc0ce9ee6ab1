/// Finds the route of a request.
struct RouteTable: Sendable {
    /// A route and what its path says.
    struct Match {
        let route: HTTPRoute
        let values: [(field: [String], value: Substring)]
    }
    private let routes: [HTTPRoute]

    init(_ routes: [HTTPRoute]) {
        // A path that ends in a custom verb is first of all that verb, and only then a name with a colon.
        self.routes = routes.filter { !$0.verb.isEmpty } + routes.filter { $0.verb.isEmpty }
    }

    /// Every route of a path, one for each method; empty where there is none.
    func matches(_ path: Substring) -> [Match] {
        var matches: [Match] = []
        for route in routes {
            guard let values = route.match(path) else { continue }
            if let first = matches.first, first.route.verb != route.verb { break }
            matches.append(Match(route: route, values: values))
        }
        return matches
    }
}
