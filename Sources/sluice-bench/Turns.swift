/// Whose turn it is among many that each have one turn an interval, evenly spread.
struct Turns {
    private var owed = 0.0
    private var next = 0

    /// Who of `count` comes next, when so many intervals have passed.
    mutating func due(of count: Int, intervals: Double) -> [Int] {
        owed += Double(count) * intervals
        var due: [Int] = []
        while owed >= 1 {
            owed -= 1
            due.append(next)
            next = (next + 1) % count
        }
        return due
    }
}
