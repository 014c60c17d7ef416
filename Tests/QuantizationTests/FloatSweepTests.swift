import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// The sweep in Float beside the sweep in Double. One flipped code legitimately changes what follows, so each row
/// (per-IC: each tile of g rows) is compared up to its first difference: there the Double sweep must have stood near a
/// tie, of a code, of a scale's rounding to bfloat16 or of a zero point's, within the error that Float carries.
@Suite struct FloatSweepTests {
    /// Float errors at a first difference: in·eps for the sums and the factor (Higham, theorem 10.3), times the growth
    /// of the factor's triangular recursions, below 8 for these Gram matrices, which 1 % of damping bounds.
    private static let growth = 8.0
    /// Share of rows or tiles that may differ at all. A weight flips with probability 2·error/step; measured 4 % at
    /// most.
    private static let differingShare = 0.1

    @Test(arguments: straddlingSizes, ChannelDimension.allCases)
    func differencesBeginAtTies(_ size: Int, _ dimension: ChannelDimension) throws {
        let (out, groupSize) = (1000, dimension == .perOutputChannel ? 32 : 4)
        let layer = RandomLayer(out: out, in: size, seed: 23)
        let layout = GroupLayout(rows: out, columns: size, groupSize: groupSize, dimension: dimension)
        let grid = UniformGrid(bits: 4)
        let factor = try GramFactor(layer.gram)
        var gram = try Gram<Float>(order: size)
        try gram.accumulate(layer.activations.inFloat)
        let weight = layer.weight.inFloat
        let single = try solve(weight, GramFactor(gram), grid, layout)
        let double = try solve(weight.inDouble, factor, grid, layout)

        let comparison = Comparison(
            weight: weight.inDouble, v: factor.upperTriangular(), layout: layout, grid: grid, single: single.quantized,
            double: double.quantized, q: double.quantized.dequantized())
        let unitRows = dimension == .perOutputChannel ? 1 : groupSize
        var different = 0
        for first in stride(from: 0, to: out, by: unitRows) {
            guard let distance = comparison.firstDifference(first..<min(out, first + unitRows)) else { continue }
            different += 1
            #expect(distance.toTie <= Self.growth * distance.roundingError, "rows from \(first): \(distance)")
        }
        let units = (out + unitRows - 1) / unitRows
        #expect(Double(different) <= Self.differingShare * Double(units), "\(different) of \(units)")
        // Flips near a tie cost nothing at first order: both choices are as good. What is left is Float's own error.
        #expect(abs(single.loss - double.loss) <= 0.01 * double.loss + Double(size + 8) * 1.2e-7 * double.dampedLoss)
    }
}

/// Two quantizations of one weight, walked through column by column.
private struct Comparison {
    let weight: Matrix<Double>
    let v: Matrix<Double>
    let layout: GroupLayout
    let grid: UniformGrid
    let single: QuantizedMatrix
    let double: QuantizedMatrix
    /// What the Double sweep's codes stand for.
    let q: Matrix<Float>

    struct Distance {
        let what: String
        /// How far the Double sweep's number is from where it would have been rounded the other way.
        let toTie: Double
        /// in·eps of Float times the size of the terms that make the number.
        let roundingError: Double
    }

    /// Where some rows first differ, in a grid or in a code; nil if nowhere.
    func firstDifference(_ rows: Range<Int>) -> Distance? {
        for j in 0..<layout.columns {
            let (r, c) = place(rows.lowerBound, j)
            if single.scales[r, c] != double.scales[r, c] { return scaleDistance(rows, j) }
            if single.zeroPoints[r, c] != double.zeroPoints[r, c] { return zeroDistance(rows, j) }
            for i in rows where single.codes[i, j] != double.codes[i, j] { return codeDistance(i, j) }
        }
        return nil
    }

    private func place(_ i: Int, _ j: Int) -> (Int, Int) {
        layout.dimension == .perOutputChannel ? (i, j / layout.groupSize) : (i / layout.groupSize, j)
    }

    private func codeDistance(_ i: Int, _ j: Int) -> Distance {
        let (r, c) = place(i, j)
        let (target, error) = updated(i, j, from: j)
        let position = target / Double(double.scales[r, c])
        let toTie = abs(position - position.rounded(.down) - 0.5) * Double(double.scales[r, c])
        return Distance(what: "code at column \(j)", toTie: toTie, roundingError: error)
    }

    private func scaleDistance(_ rows: Range<Int>, _ j: Int) -> Distance {
        let (low, high, error) = range(rows, j)
        let raw = (high - low) / Double(grid.largestCode)
        let unit = Double(sign: .plus, exponent: raw.exponent - 7, significand: 1)
        let toTie = abs(raw / unit - (raw / unit).rounded(.down) - 0.5) * unit
        return Distance(what: "scale at column \(j)", toTie: toTie * Double(grid.largestCode), roundingError: 2 * error)
    }

    private func zeroDistance(_ rows: Range<Int>, _ j: Int) -> Distance {
        let (low, _, error) = range(rows, j)
        let (r, c) = place(rows.lowerBound, j)
        let scale = Double(double.scales[r, c])
        let toTie = abs(-low / scale - (-low / scale).rounded(.down) - 0.5) * scale
        return Distance(what: "zero point at column \(j)", toTie: toTie, roundingError: error)
    }

    /// Range of the updated weights that set the grid of column j, zero in it, and the largest error of one.
    private func range(_ rows: Range<Int>, _ j: Int) -> (low: Double, high: Double, error: Double) {
        let members: [(Double, Double)] =
            layout.dimension == .perInputChannel
            ? rows.map { updated($0, j, from: j) }
            : (j / layout.groupSize
                * layout.groupSize..<min(layout.columns, (j / layout.groupSize + 1) * layout.groupSize))
                .map { updated(rows.lowerBound, $0, from: j / layout.groupSize * layout.groupSize) }
        return (
            min(0, members.map(\.0).min() ?? 0), max(0, members.map(\.0).max() ?? 0), members.map(\.1).max() ?? 0
        )
    }

    /// GPTQ's updated weight (i, j) when the sweep has come to column `start`, and in·eps of Float times the terms'
    /// size: W + x with x·V = Σ_{k<start} e_k·V_k over the columns from `start` to j.
    private func updated(_ i: Int, _ j: Int, from start: Int) -> (value: Double, error: Double) {
        var update: [Double] = []
        var magnitude = 0.0
        for c in start...j {
            var sum = 0.0
            magnitude = abs(weight[i, j])
            for k in 0..<start {
                let term = (weight[i, k] - Double(q[i, k])) * v[k, c]
                sum += term
                magnitude += abs(term) / v[c, c]
            }
            for (offset, x) in update.enumerated() {
                sum -= x * v[start + offset, c]
                magnitude += abs(x * v[start + offset, c]) / v[c, c]
            }
            update.append(sum / v[c, c])
        }
        return (weight[i, j] + update[j - start], Double(layout.columns + 8) * Double(Float.ulpOfOne) * magnitude)
    }
}
