import Testing
import Transport
import Units

@Suite struct AdmissionGateTests {
    @Test func `a wave of connections is let in at the rate, whatever the pattern`() {
        let start = BootTime(nanoseconds: 5_000_000_000)
        var gate = AdmissionGate(perSecond: 200, at: start)
        var now = start
        var admitted = 0
        while now < start + .seconds(10) {
            if let wait = gate.wait(at: now) {
                #expect(wait > .zero)
                now = now + wait + .microseconds(1)
            } else {
                gate.connectionAccepted(at: now)
                admitted += 1
            }
        }
        // A tenth of a second's worth at once, then the rate.
        #expect((1990...2025).contains(admitted))
    }

    @Test func `after a quiet time there is room for a tenth of a second's worth and no more`() {
        let start = BootTime(nanoseconds: 5_000_000_000)
        var gate = AdmissionGate(perSecond: 100, at: start)
        let later = start + .seconds(3600)
        for _ in 0..<10 {
            #expect(gate.wait(at: later) == nil)
            gate.connectionAccepted(at: later)
        }
        #expect(gate.wait(at: later) != nil)
    }
}
