import Testing

@testable import Node

/// When a node renews.
@Suite struct CertificateRenewalTests {
    @Test func `a certificate is renewed at two thirds of its life, and denser towards its end`() {
        let renewal = CertificateRenewal(notAfter: 86_400)
        #expect(!renewal.isDue(at: 57_599, issuedAt: 0, spread: 0) && renewal.isDue(at: 57_600, issuedAt: 0, spread: 0))
        #expect(!renewal.isDue(at: 53_279, issuedAt: 0, spread: 1) && renewal.isDue(at: 53_280, issuedAt: 0, spread: 1))
        #expect(renewal.retryDelay(at: 57_600) == 300)
        #expect(renewal.retryDelay(at: 86_000) == 20)
        #expect(renewal.retryDelay(at: 86_399) == 1 && renewal.retryDelay(at: 90_000) == 1)
        #expect(!renewal.hasEnded(at: 86_399) && renewal.hasEnded(at: 86_400))
    }
}
