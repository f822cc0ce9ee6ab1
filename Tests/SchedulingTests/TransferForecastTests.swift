import Scheduling
import Testing
import Units

@Suite struct TransferForecastTests {
    @Test func `without history nothing is foretold`() {
        #expect(TransferForecast().expected(.gibibytes(1)) == nil)
    }

    @Test func `a file twice as large takes twice as long`() {
        var forecast = TransferForecast()
        forecast.delivered(.mebibytes(100), in: .seconds(50))
        #expect(forecast.expected(.mebibytes(200)) == .seconds(100))
    }

    @Test func `newer ones weigh more and none is believed alone`() {
        var forecast = TransferForecast()
        forecast.delivered(.mebibytes(100), in: .seconds(100))
        forecast.delivered(.mebibytes(200), in: .seconds(100))
        let expected = forecast.expected(.mebibytes(125)) ?? .zero
        #expect(abs(expected.seconds - 100) < 0.01)
    }

    @Test func `small files tell nothing and small files are given ten seconds`() {
        var forecast = TransferForecast()
        forecast.delivered(.kibibytes(5), in: .seconds(1))
        #expect(forecast.expected(.mebibytes(1)) == nil)
        forecast.delivered(.mebibytes(100), in: .seconds(1))
        #expect(forecast.expected(.mebibytes(1)) == .seconds(10))
    }
}
