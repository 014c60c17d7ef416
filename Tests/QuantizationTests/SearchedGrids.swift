import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// The grids of a quantized weight, each compared with all that a range search may try, by plain loops in Double.
struct SearchedGrids {
    let grid: UniformGrid
    /// The unit of the arithmetic that searched.
    let eps: Double

    struct Group {
        /// What the grid was found for, and how much each of their errors counts.
        let weights: [Double]
        let importance: [Double]

        var low: Double { weights.reduce(0, min) }
        var high: Double { weights.reduce(0, max) }
    }

    struct Candidate {
        let low: Double
        let high: Double
        /// Σ importance·(w − value)² with a scale that is not rounded. Where −low/scale is at a tie of the zero point but
        /// for rounding, one of two: the smaller and the greater of them.
        let error: Double
        let greatestError: Double
    }

    /// Whether each group's grid is that of a candidate which no other beats by more than rounding, so that none is worse
    /// than the full range.
    /// - Parameters:
    ///   - weight: (i, j) as its group's grid was found for it.
    ///   - importance: of column j, for per-OC groups.
    /// - Returns: Σ of the groups' errors, with full ranges and with those found.
    @discardableResult
    func expectBest(
        _ quantized: QuantizedMatrix, _ place: String, weight: (Int, Int) -> Double,
        importance: (Int) -> Double
    ) -> (full: Double, found: Double) {
        let layout = quantized.layout
        var sums = (full: 0.0, found: 0.0)
        var wrong: [String] = []
        for r in 0..<layout.scaleRows {
            for c in 0..<layout.scaleColumns {
                let members = layout.members(r, c)
                let group = Group(
                    weights: members.map { weight($0.0, $0.1) },
                    importance: members.map { layout.dimension == .perOutputChannel ? importance($0.1) : 1 })
                let candidates = candidates(group)
                let (scale, zero) = (Double(quantized.scales[r, c]), Double(quantized.zeroPoints[r, c]))
                let taken = candidates.filter { makes($0, scale, zero) }.min { $0.error < $1.error }
                guard let taken, let best = candidates.min(by: { $0.greatestError < $1.greatestError }) else {
                    wrong.append("no candidate makes the scale \(scale) of group (\(r), \(c))")
                    continue
                }
                let bound = bound(best, group) + bound(taken, group)
                if taken.error > best.greatestError + bound {
                    wrong.append("\(taken.error), \(best.greatestError) is possible, of group (\(r), \(c))")
                }
                sums.full += candidates[0].error
                sums.found += taken.error
            }
        }
        #expect(wrong.isEmpty, "\(place): \(wrong.count) groups: \(wrong.first ?? "")")
        return sums
    }

    /// Both ends by themselves, in steps of a tenth down to two fifths, all of both first.
    private func candidates(_ group: Group) -> [Candidate] {
        let (low, high) = (group.low, group.high)
        let shares = (0...6).map { Double(1 - Float($0) / 10) }
        return shares.flatMap { a in
            shares.map { b in
                let errors = errors(group, low: low * a, high: high * b)
                return Candidate(
                    low: low * a, high: high * b, error: errors.reduce(.infinity, min),
                    greatestError: errors.reduce(0, max))
            }
        }
    }

    private var largest: Double { Double(grid.largestCode) }

    private func scale(low: Double, high: Double) -> Double {
        (grid.isSymmetric ? 2 * max(-low, high) : high - low) / largest
    }

    /// The error of a candidate; two where its zero point may be either of two.
    private func errors(_ group: Group, low: Double, high: Double) -> [Double] {
        let scale = scale(low: low, high: high)
        guard scale > 0 else { return [0] }
        if grid.isSymmetric { return [error(group, scale, zero: Double(1 << (grid.bits - 1)))] }
        let positions = [-4, 4].map { min(max(-low / scale + $0 * eps * largest, 0), largest) }
        return Set(positions.map { $0.rounded(.toNearestOrEven) }).map { error(group, scale, zero: $0) }
    }

    private func error(_ group: Group, _ scale: Double, zero: Double) -> Double {
        var sum = 0.0
        for (w, importance) in zip(group.weights, group.importance) {
            let miss = w - min(max((w / scale).rounded(.toNearestOrEven), -zero), largest - zero) * scale
            sum += importance * miss * miss
        }
        return sum
    }

    /// Whether a candidate's scale rounds to this one, and its zero point to this one, but for the arithmetic's eps.
    private func makes(_ candidate: Candidate, _ scale: Double, _ zero: Double) -> Bool {
        let raw = self.scale(low: candidate.low, high: candidate.high)
        if raw == 0 { return scale == 1 && zero == (grid.isSymmetric ? Double(1 << (grid.bits - 1)) : 0) }
        let rounded = [-4, 0, 4].map { grid.scaleType.round(raw * (1 + $0 * eps)) }
        guard rounded[0] <= scale && scale <= rounded[2] else { return false }
        if grid.isSymmetric { return zero == Double(1 << (grid.bits - 1)) }
        let position = min(max(-candidate.low / scale, 0), largest)
        return abs(position - zero) <= 0.5 + 4 * eps * largest
    }

    /// How far a candidate's error may be from exact in the arithmetic: a value is code·scale, within 4·eps of the
    /// group's range, and squares and their sum are within (n + 4)·eps of themselves.
    private func bound(_ candidate: Candidate, _ group: Group) -> Double {
        let spread = 4 * eps * max(-group.low, group.high)
        let total = group.importance.reduce(0, +)
        // Σ i·((|m| + δ)² − m²) ≤ 2δ·√(Σi·Σi·m²) + δ²·Σi, by Cauchy and Schwarz.
        return 2 * spread * (total * candidate.greatestError).squareRoot() + spread * spread * total
            + Double(group.weights.count + 4) * eps * candidate.greatestError
    }
}

extension GroupLayout {
    /// The weights that share a scale.
    func members(_ row: Int, _ column: Int) -> [(Int, Int)] {
        switch dimension {
        case .perOutputChannel:
            (column * groupSize..<min(columns, (column + 1) * groupSize)).map { (row, $0) }
        case .perInputChannel: (row * groupSize..<min(rows, (row + 1) * groupSize)).map { ($0, column) }
        }
    }
}
