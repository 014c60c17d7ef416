import AdaDimQuantization

/// Scales and zero points with MSE clipping. The search is repeated in Double, over the documented shares of both ends,
/// for weights each known up to an error. The stored range must be one of the candidates, and no other candidate may
/// have a smaller error, beyond what those errors and rounding explain.
struct SearchedRangeCheck {
    let rules: GridRules
    private(set) var worst = WorstElement()
    private(set) var text = "every range is the best of those that are tried"

    /// As the single-precision numbers that they are.
    private static let shares = (0...6).map { Double(1 - Float($0) / 10) }

    init(_ rules: GridRules) { self.rules = rules }

    /// One weight of a group: its value, the error that it may have, and what its squared error is weighted by.
    struct Member {
        let value: Double
        let error: Double
        let importance: Double
    }

    /// A range that is tried: the scale before it is rounded, and what it leaves.
    private struct Trial {
        let low: Double
        let scale: Double
        /// Σ importance·(value − q)², between two zero points where one is a matter of rounding, and by how much either may be
        /// off.
        let least: Double
        let most: Double
        let slack: Double
    }

    mutating func check(_ members: [Member], scale: Double, zero: Double, at place: (Int, Int)) {
        let low = members.reduce(0) { min($0, $1.value) }
        let high = members.reduce(0) { max($0, $1.value) }
        let spread = members.reduce(0) { max($0, $1.error) }
        if high - low <= 2 * spread && scale == 1 && zero == rules.zeroOfNothing { return }
        let trials = Self.shares.flatMap { lowShare in
            Self.shares.map { trial(members, low: lowShare * low, high: $0 * high, spread: spread) }
        }
        let matching = trials.filter { isStored($0, as: scale, zero, spread: spread) }
        guard let mine = matching.min(by: { $0.least - $0.slack < $1.least - $1.slack }),
            let best = trials.min(by: { $0.most + $0.slack < $1.most + $1.slack })
        else {
            note(
                .infinity, 1, place,
                "scale \(scale) and zero point \(zero) are those of no share of the range \(low) … \(high)")
            return
        }
        note(
            max(0, mine.least - best.most), mine.slack + best.slack, place,
            "the range of scale \(scale) leaves \(mine.least), another one \(best.most)")
    }

    private mutating func note(_ deviation: Double, _ bound: Double, _ place: (Int, Int), _ what: String) {
        let before = worst.ratio
        worst.add(deviation, bound: bound, place.0, place.1)
        if worst.ratio > before { text = "group \(place): \(what)" }
    }

    private func trial(_ members: [Member], low: Double, high: Double, spread: Double) -> Trial {
        let scale = rules.isSymmetric ? 2 * max(-low, high) / rules.largest : (high - low) / rules.largest
        guard scale > 0 else { return Trial(low: low, scale: 0, least: .infinity, most: .infinity, slack: 0) }
        let zeros = rules.isSymmetric ? [rules.middle] : zeros(low: low, scale: scale, spread: spread)
        var sums = zeros.map { _ in 0.0 }
        var slack = 0.0
        for member in members {
            var miss = 0.0
            for (index, zero) in zeros.enumerated() {
                let code = min(max((member.value / scale).rounded(.toNearestOrEven), -zero), rules.largest - zero)
                let found = abs(member.value - code * scale)
                sums[index] += member.importance * found * found
                miss = max(miss, found)
            }
            // The value, both ends that the scale is made of, and the roundings of a quotient and a product.
            let error = member.error + 2 * spread + 8 * rules.epsilon * (abs(member.value) + rules.largest * scale)
            slack += member.importance * error * (2 * miss + error)
        }
        let (least, most) = (sums.min() ?? 0, sums.max() ?? 0)
        return Trial(
            low: low, scale: scale, least: least, most: most,
            slack: slack + Double(members.count + 8) * rules.epsilon * most)
    }

    /// The zero points that −low/scale may be rounded to.
    private func zeros(low: Double, scale: Double, spread: Double) -> [Double] {
        let position = -low / scale
        let error = 8 * rules.epsilon * position + 2 * spread / scale
        let ends = [position - error, position + error].map { min(max($0.rounded(.toNearestOrEven), 0), rules.largest) }
        return ends[0] == ends[1] ? [ends[0]] : stride(from: ends[0], through: ends[1], by: 1).map { $0 }
    }

    /// Whether a trial's range, its scale rounded to the stored type, is what was stored.
    private func isStored(_ trial: Trial, as scale: Double, _ zero: Double, spread: Double) -> Bool {
        guard trial.scale > 0, scale > 0 else { return false }
        let error = 8 * rules.epsilon * trial.scale + 2 * spread / rules.largest
        guard
            scale >= rules.scaleType.nearest(to: trial.scale - error)
                && scale <= rules.scaleType.nearest(to: trial.scale + error)
        else { return false }
        return rules.isSymmetric
            ? zero == rules.middle : zeros(low: trial.low, scale: scale, spread: spread).contains(zero)
    }
}
