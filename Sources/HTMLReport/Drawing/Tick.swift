import Foundation

/// A place on an axis; `place` is the value, or on a logarithmic axis its log10. Minor ticks have no label.
package struct Tick: Equatable {
    package let place: Double
    package let label: String?

    /// Round numbers between both ends, ends included, about `count` of them.
    package static func linear(_ low: Double, _ high: Double, count: Int) -> [Tick] {
        values(low, high, count: count).map { Tick(place: $0, label: NumberText.digits($0, 6)) }
    }

    /// Decades, or where there are few of them 1, 2, 5, or round numbers between two values close to each other.
    ///
    /// - Parameters:
    ///   - low: log10 of the lower end.
    ///   - high: log10 of the upper end.
    ///   - count: labels at most, or a few more.
    package static func logarithmic(_ low: Double, _ high: Double, count: Int) -> [Tick] {
        guard low.isFinite, high.isFinite, high > low, abs(low) < 400, abs(high) < 400 else { return [] }
        let decades = Int(low.rounded(.down))...Int(high.rounded(.up))
        func inside(_ place: Double) -> Bool { place >= low - 1e-9 && place <= high + 1e-9 }
        if high - low >= 2 {
            let step = max(1, Int(((high - low) / Double(max(count, 1))).rounded(.up)))
            // Of many decades not every one has a tick.
            return decades.filter { high - low <= 30 || $0 % step == 0 }.flatMap { decade in
                var ticks = [Tick(place: Double(decade), label: decade % step == 0 ? label(decade) : nil)]
                if high - low <= 5 {
                    ticks += (2...9).map { Tick(place: Double(decade) + log10(Double($0)), label: nil) }
                }
                return ticks.filter { inside($0.place) }
            }
        }
        let multiples = decades.flatMap { decade in
            (1...9).map { (Double(decade) + log10(Double($0)), [1, 2, 5].contains($0), Double($0), decade) }
        }.filter { inside($0.0) }
        if multiples.count(where: \.1) >= 3 {
            return multiples.map { place, isLabelled, digit, decade in
                Tick(place: place, label: isLabelled ? NumberText.short(digit * pow(10, Double(decade))) : nil)
            }
        }
        return values(pow(10, low), pow(10, high), count: count).filter { $0 > 0 }.map {
            Tick(place: log10($0), label: NumberText.short($0))
        }
    }

    /// The value whose log10 this is.
    static func power(_ place: Double) -> String {
        let whole = place.rounded(.down)
        guard place.isFinite, abs(whole) < 400 else { return NumberText.none }
        let mantissa = pow(10, place - whole)
        return (-3...5).contains(Int(whole))
            ? NumberText.short(pow(10, place))
            : mantissa < 1.005
                ? NumberText.power(Int(whole)) : "\(NumberText.short(mantissa))×\(NumberText.power(Int(whole)))"
    }

    private static func label(_ decade: Int) -> String {
        (-2...3).contains(decade) ? NumberText.short(pow(10, Double(decade))) : NumberText.power(decade)
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    private static func values(_ low: Double, _ high: Double, count: Int) -> [Double] {
        guard low.isFinite, high.isFinite, high > low, (high - low).isFinite, count > 0 else { return [] }
        let rough = (high - low) / Double(count)
        let power = pow(10, log10(rough).rounded(.down))
        guard power > 0, power.isFinite else { return [] }
        // The nearest of 1, 2, 5 and 10, as ratios.
        let step = power * ([1.0, 2, 5].first { rough / power < $0 * ($0 == 2 ? 2.5 : 2).squareRoot() } ?? 10)
        let (first, last) = ((low / step - 1e-9).rounded(.up), (high / step + 1e-9).rounded(.down))
        guard first <= last, last - first < 1000, abs(first) < 1e15 else { return [] }
        return (0...Int(last - first)).map { (first + Double($0)) * step }
    }
}
