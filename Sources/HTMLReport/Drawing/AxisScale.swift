import Foundation

/// The position of values along an axis, in pixels of the figure.
package struct AxisScale: Equatable {
    package let isLogarithmic: Bool
    /// Both ends; log10 of the values where it is logarithmic.
    package let low: Double
    package let high: Double
    /// Pixels at both ends; `end` may be the smaller, as on a vertical axis.
    package let start: Double
    package let end: Double

    package static func linear(_ low: Double, _ high: Double, from start: Double, to end: Double) -> AxisScale {
        AxisScale(isLogarithmic: false, low: low, high: high > low ? high : low + 1, start: start, end: end)
    }

    /// - Parameters:
    ///   - low: log10 of the lower end.
    ///   - high: log10 of the upper end.
    package static func logarithmic(_ low: Double, _ high: Double, from start: Double, to end: Double) -> AxisScale {
        AxisScale(isLogarithmic: true, low: low, high: high > low ? high : low + 1, start: start, end: end)
    }

    /// A logarithmic axis with room for all values that have a place on one; nil where none has.
    package static func logarithmic(
        over values: some Sequence<Double>, from start: Double, to end: Double, margin: Double = 0.06
    ) -> AxisScale? {
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where value.isFinite && value > 0 {
            low = min(low, log10(value))
            high = max(high, log10(value))
        }
        guard low <= high else { return nil }
        let room = max((high - low) * margin, (0.1 - (high - low)) / 2)
        return logarithmic(low - room, high + room, from: start, to: end)
    }

    /// Nil for what has no place: no number, or on a logarithmic axis nothing above zero. Values beyond an end are put there.
    package func position(_ value: Double) -> Double? {
        guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
        return pixel(isLogarithmic ? log10(value) : value)
    }

    /// Of a tick.
    func pixel(_ place: Double) -> Double {
        start + (end - start) * min(max((place - low) / (high - low), 0), 1)
    }

    func ticks(_ count: Int) -> [Tick] {
        isLogarithmic ? Tick.logarithmic(low, high, count: count) : Tick.linear(low, high, count: count)
    }
}
