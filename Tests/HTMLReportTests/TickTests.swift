import AdaDimHTMLReport
import Testing

/// From numbers to ticks, and to their text.
@Suite struct TickTests {
    private func labels(_ ticks: [Tick]) -> [String] { ticks.compactMap(\.label) }

    @Test func linearTicksAreRound() {
        #expect(labels(Tick.linear(0, 28672, count: 6)) == ["0", "5,000", "10,000", "15,000", "20,000", "25,000"])
        #expect(labels(Tick.linear(0, 1, count: 5)) == ["0", "0.2", "0.4", "0.6", "0.8", "1"])
        #expect(labels(Tick.linear(-0.5, 0.5, count: 4)) == ["−0.4", "−0.2", "0", "0.2", "0.4"])
        #expect(labels(Tick.linear(1e-9, 3e-9, count: 2)) == ["10⁻⁹", "2×10⁻⁹", "3×10⁻⁹"])
    }

    @Test func logarithmicTicksAreDecadesWhereThereAreMany() {
        #expect(labels(Tick.logarithmic(-6, 0, count: 6)) == ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "0.01", "0.1", "1"])
        #expect(labels(Tick.logarithmic(-300, 300, count: 3)) == ["10⁻²⁰⁰", "1", "10²⁰⁰"])
        // 2 to 9 between two decades.
        #expect(Tick.logarithmic(0, 2, count: 5).filter { $0.label == nil }.count == 16)
    }

    @Test func logarithmicTicksAreCloserWhereThereAreFewDecades() {
        #expect(labels(Tick.logarithmic(-1, 0.31, count: 5)) == ["0.1", "0.2", "0.5", "1", "2"])
        #expect(labels(Tick.logarithmic(-0.05, 0.05, count: 4)) == ["0.9", "0.95", "1", "1.05", "1.1"])
    }

    @Test func ticksLieOnTheAxis() {
        for (low, high) in [(-3.3, 4.7), (0.001, 0.0011), (-320, 308), (-0.3, 0.1), (2, 2.02)] {
            let places = Tick.logarithmic(low, high, count: 5).map(\.place)
            #expect(!places.isEmpty)
            #expect(places.allSatisfy { $0 >= low - 1e-9 && $0 <= high + 1e-9 })
        }
    }

    @Test(arguments: [
        (Double.nan, 1), (0, .infinity), (1, 1), (2, 1), (-.greatestFiniteMagnitude, .greatestFiniteMagnitude),
    ])
    func noTicksWhereThereIsNoAxis(low: Double, high: Double) {
        #expect(Tick.linear(low, high, count: 5) == [])
        #expect(Tick.logarithmic(low, high, count: 5) == [])
    }

    @Test(arguments: [
        (0, "0"), (1, "1"), (-2.5, "−2.5"), (0.001234, "0.00123"), (999.96, "1,000"), (12345.6, "12,346"), (1e6, "10⁶"),
        (-3.21e-7, "−3.21×10⁻⁷"), (.nan, "no value"), (-.infinity, "no value"), (.greatestFiniteMagnitude, "1.8×10³⁰⁸"),
        (.leastNonzeroMagnitude, "4.94×10⁻³²⁴"), (0.99999, "1"),
    ]) func numbersAsText(value: Double, text: String) {
        #expect(NumberText.short(value) == text)
    }

    @Test func integersInGroups() {
        #expect(NumberText.integer(0) == "0")
        #expect(NumberText.integer(-1_234_567) == "−1,234,567")
        #expect(NumberText.integer(.min) == "−9,223,372,036,854,775,808")
    }

    @Test func whatHasNoPlaceOnAnAxisGetsNone() throws {
        let log = try #require(
            AxisScale.logarithmic(over: [.nan, -1, 0, 0.1, 10, .infinity], from: 0, to: 100, margin: 0))
        #expect(log.position(0.1) == 0)
        #expect(log.position(1) == 50)
        // Beyond an end: there.
        #expect(log.position(1000) == 100)
        for value in [0, -1, .nan, .infinity] { #expect(log.position(value) == nil) }
        #expect(AxisScale.logarithmic(over: [0, -1, .nan], from: 0, to: 100) == nil)
        let linear = AxisScale.linear(0, 4, from: 100, to: 0)
        #expect(linear.position(1) == 75)
        #expect(linear.position(.nan) == nil)
    }
}
