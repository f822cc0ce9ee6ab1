import Scheduling
import Testing
import Units

@Suite struct TransferScheduleTests {
    private let always = TransferAllowance(down: nil, up: BytesPerSecond(rawValue: 7))
    private let night = TransferAllowance(down: BytesPerSecond(rawValue: 1_000), up: nil)

    private func schedule(days: Set<Int> = [], from start: Int, to end: Int, only: Bool = false) throws
        -> TransferSchedule
    {
        let window = try #require(TransferWindow(days: days, start: start, end: end, allowance: night))
        return TransferSchedule(always: always, windows: [window], onlyInWindows: only)
    }

    /// 2026-11-25 was a Wednesday.
    private let wednesday: Int64 = 1_795_564_800

    private func at(_ hour: Int64, _ minute: Int64 = 0, day: Int64 = 0) -> Int64 {
        wednesday + day * 86_400 + hour * 3600 + minute * 60
    }

    @Test func `a window holds from its first minute to before its last`() throws {
        let schedule = try schedule(from: 8 * 60, to: 9 * 60)
        #expect(schedule.allowance(atUnixSeconds: at(7, 59)) == always)
        #expect(schedule.allowance(atUnixSeconds: at(8)) == night)
        #expect(schedule.allowance(atUnixSeconds: at(8, 59) + 59) == night)
        #expect(schedule.allowance(atUnixSeconds: at(9)) == always)
    }

    @Test func `one that ends before it begins goes on past midnight, by the day it began on`() throws {
        let schedule = try schedule(days: [2], from: 22 * 60, to: 6 * 60)
        #expect(schedule.allowance(atUnixSeconds: at(23)) == night)
        #expect(schedule.allowance(atUnixSeconds: at(5, 59, day: 1)) == night)
        #expect(schedule.allowance(atUnixSeconds: at(6, day: 1)) == always)
        #expect(schedule.allowance(atUnixSeconds: at(23, day: 1)) == always)
        #expect(schedule.allowance(atUnixSeconds: at(5)) == always)
    }

    @Test func `outside the only windows nothing moves`() throws {
        let schedule = try schedule(from: 0, to: 60, only: true)
        #expect(schedule.allowance(atUnixSeconds: at(0, 30)) == night)
        #expect(schedule.allowance(atUnixSeconds: at(2)).isPaused)
    }

    @Test func `the first window that holds counts`() throws {
        let all = try #require(TransferWindow(days: [], start: 0, end: 1440, allowance: night))
        let none = try #require(TransferWindow(days: [], start: 0, end: 1440, allowance: .paused))
        let schedule = TransferSchedule(always: always, windows: [all, none], onlyInWindows: false)
        #expect(schedule.allowance(atUnixSeconds: at(12)) == night)
        #expect(schedule.allowance(atUnixSeconds: -1) == night)
    }

    @Test(arguments: [(-1, 5), (1440, 5), (3, 0), (3, 1441)])
    func `minutes beyond the day are refused`(start: Int, end: Int) {
        #expect(TransferWindow(days: [], start: start, end: end, allowance: .paused) == nil)
    }
}
