import AdaDimQuantization
import AdaDimQuantizedMatrices

/// Scales and zero points against the range of their group's weights, of which each end is known up to rounding.
struct GridCheck {
    let rules: GridRules
    /// 0 while all are right; else 1 and more, the more the farther off.
    private(set) var ratio = 0.0
    private(set) var text = "every grid is that of its group"

    init(_ rules: GridRules) { self.rules = rules }

    /// - Parameters:
    ///   - low: the least of 0 and the group's weights, between two numbers.
    ///   - high: the greatest of them.
    mutating func check(
        low: (least: Double, most: Double), high: (least: Double, most: Double), scale: Double, zero: Double,
        at place: (Int, Int)
    ) {
        // Three roundings: halves, their difference, the division by the largest code.
        let slack = 3 * rules.epsilon
        let range =
            rules.isSymmetric
            ? (2 * max(-low.most, high.least), 2 * max(-low.least, high.most))
            : (high.least - low.most, high.most - low.least)
        let least = rules.scaleType.nearest(to: range.0 / rules.largest * (1 - slack))
        let most = rules.scaleType.nearest(to: range.1 / rules.largest * (1 + slack))
        let isZeroGroup = range.0 == 0 && scale == 1 && zero == rules.zeroOfNothing
        if isZeroGroup { return }
        // NaN must not pass for being within.
        if !(scale >= least && scale <= most && range.1 > 0 && rules.scaleType.nearest(to: scale) == scale) {
            let distance = scale < least ? least - scale : scale - most
            note(1 + distance / most, "scale \(place) is \(scale), expected \(least) … \(most)")
            return
        }
        let zeros =
            rules.isSymmetric
            ? (rules.middle, rules.middle)
            : (code(-low.most / scale * (1 - slack)), code(-low.least / scale * (1 + slack)))
        if !(zero >= zeros.0 && zero <= zeros.1) {
            note(1 + abs(zero - zeros.0), "zero point \(place) is \(zero), expected \(zeros.0) … \(zeros.1)")
        }
    }

    private func code(_ position: Double) -> Double {
        min(max(position.rounded(.toNearestOrEven), 0), rules.largest)
    }

    private mutating func note(_ found: Double, _ what: String) {
        if found <= ratio { return }
        // Beyond 1 by any means, and NaN as well.
        ratio = found > 1 && found < Finding.beyondAll ? found : Finding.beyondAll
        text = what
    }
}

extension ScaleType {
    /// The nearest number of the type, ties to even, at least its smallest: written out by the type's own figures.
    func nearest(to value: Double) -> Double {
        let (bits, least) =
            switch self {
            case .bfloat16: (8, -126)
            case .float16: (11, -14)
            case .shortFloat16: (8, -17)
            case .float32: (24, -126)
            }
        guard value > 0 else { return 0 }
        let step = Double(sign: .plus, exponent: max(Int(value.exponent), least) - bits + 1, significand: 1)
        return max(
            step * (value / step).rounded(.toNearestOrEven),
            Double(sign: .plus, exponent: least - bits + 1, significand: 1))
    }
}
