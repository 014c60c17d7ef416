import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// Two-level grids as llama.cpp's blocks define them, written out apart from the engine.
enum TwoLevelCheck {
    /// What is left of (code − zero)·scale: its difference from the offset, rounded once to a Float. Double holds both exactly.
    static func value(_ product: Double, _ grids: TwoLevelScales?, row: Int, group: Int) -> Double {
        guard let grids else { return product }
        guard let dmin = grids.superOffsets, let m = grids.offsets else { return Double(Float(product)) }
        let block = group * grids.type.groupSize / TwoLevelType.superGroupSize
        return Double(Float(product - Double(dmin[row, block]) * Double(m[row, group])))
    }

    /// Whether a number is one of float16: at most 11 significant bits, a multiple of 2⁻²⁴, at most 65504.
    static func isHalf(_ number: Float) -> Bool {
        let size = Double(abs(number))
        guard size > 0 else { return number == 0 }
        let step = Double(sign: .plus, exponent: max(Int(size.exponent), -14) - 10, significand: 1)
        return size <= 65504 && (size / step).rounded() == size / step
    }
}

extension LayerJudge {
    /// All parts of two-level grids are on the type's lattice, and make the scales.
    func judgeLattice(_ type: TwoLevelType, into findings: inout Findings) {
        let strange = strangePart(type)
        findings.add(
            .grids, ratio: strange == nil ? 0 : .infinity, strange ?? "all parts are on the lattice of \(type.rawValue)"
        )
    }

    private func strangePart(_ type: TwoLevelType) -> String? {
        guard let grids = layer.quantized.twoLevel, grids.type == type else {
            return "the layer has no grids of \(type.rawValue)"
        }
        let perBlock = TwoLevelType.superGroupSize / type.groupSize
        for i in 0..<groups.out {
            for block in 0..<grids.superScales.columns {
                let (d, dmin) = (grids.superScales[i, block], grids.superOffsets?[i, block] ?? 0)
                if !TwoLevelCheck.isHalf(d) || (type.hasOffsets && d < 0) { return "d [\(i), \(block)] is \(d)" }
                if !TwoLevelCheck.isHalf(dmin) || dmin < 0 { return "dmin [\(i), \(block)] is \(dmin)" }
            }
            for group in 0..<grids.scales.columns {
                let (sc, m) = (Int(grids.scales[i, group]), Int(grids.offsets?[i, group] ?? 0))
                if !type.scaleRange.contains(sc) { return "sc [\(i), \(group)] is \(sc), expected \(type.scaleRange)" }
                if m > type.largestOffset { return "m [\(i), \(group)] is \(m), expected 0 … \(type.largestOffset)" }
                let scale = Double(grids.superScales[i, group / perBlock]) * Double(sc)
                if Double(layer.quantized.scales[i, group]) != scale {
                    return "scale [\(i), \(group)] is \(layer.quantized.scales[i, group]), expected \(scale)"
                }
                if Int(layer.quantized.zeroPoints[i, group]) != type.zeroPoint {
                    return "zero point [\(i), \(group)] is \(layer.quantized.zeroPoints[i, group])"
                }
            }
        }
        return nil
    }

    /// The grids of every super-block, which were searched for W under diag(H), leave no more than the full range of each group on
    /// the lattice that the largest of them spans.
    func judgeSearch(_ type: TwoLevelType, into findings: inout Findings) {
        guard let grids = layer.quantized.twoLevel else { return }
        let width = TwoLevelType.superGroupSize
        var position = Array(0..<groups.inputs)
        if let order = factor.order { for (place, input) in order.enumerated() { position[input] = place } }
        let importance = (0..<groups.inputs).map { self.importance(ofInput: $0) }
        var worst = WorstElement()
        for i in 0..<groups.out {
            for block in 0..<groups.inputs / width {
                let inputs = block * width..<(block + 1) * width
                let weights = inputs.map { weight[i, position[$0]] }
                let found = SuperBlock(type, weights, Array(importance[inputs]))
                let perBlock = width / type.groupSize
                let (d, dmin) = (Double(grids.superScales[i, block]), Double(grids.superOffsets?[i, block] ?? 0))
                let left = found.error { group in
                    (
                        d * Double(grids.scales[i, block * perBlock + group]),
                        dmin * Double(grids.offsets?[i, block * perBlock + group] ?? 0)
                    )
                }
                // Searched in Float: its sums of 256 squares are exact to some 256·eps.
                let simple = found.simpleError()
                worst.add(max(0, left - simple), bound: 512 * factor.epsilon * simple, i, block)
            }
        }
        findings.add(
            .ranges, ratio: worst.ratio,
            "the grids of row \(worst.row), super-block \(worst.column), against simple ones")
    }
}

/// A super-block's weights, and what any grids leave of them.
private struct SuperBlock {
    let type: TwoLevelType
    let weights: [Double]
    let importance: [Double]

    init(_ type: TwoLevelType, _ weights: [Double], _ importance: [Double]) {
        (self.type, self.weights, self.importance) = (type, weights, importance)
    }

    private var groupCount: Int { weights.count / type.groupSize }
    private var lowest: Double { -Double(type.zeroPoint) }
    private var highest: Double { Double((1 << type.bits) - 1 - type.zeroPoint) }

    /// Σ hⱼ·(wⱼ − nearest value)².
    func error(_ grid: (_ group: Int) -> (scale: Double, offset: Double)) -> Double {
        (0..<groupCount).reduce(0.0) { sum, group in
            let (scale, offset) = grid(group)
            return (group * type.groupSize..<(group + 1) * type.groupSize).reduce(sum) { sum, j in
                let code = scale == 0 ? 0 : min(max(((weights[j] + offset) / scale).rounded(), lowest), highest)
                let miss = weights[j] - (code * scale - offset)
                return sum + importance[j] * miss * miss
            }
        }
    }

    /// The same of grids of full ranges.
    func simpleError() -> Double {
        let ends = (0..<groupCount).map { group in
            weights[group * type.groupSize..<(group + 1) * type.groupSize].reduce((low: 0.0, high: 0.0)) {
                (min($0.low, $1), max($0.high, $1))
            }
        }
        let scales = ends.map {
            type.hasOffsets ? ($0.high - $0.low) / highest : (-$0.low > $0.high ? $0.low : $0.high) / lowest
        }
        let largest = scales.max { abs($0) < abs($1) } ?? 0
        let d = half(largest / Double(type.hasOffsets ? type.scaleRange.upperBound : type.scaleRange.lowerBound))
        let dmin = type.hasOffsets ? half((ends.map { -$0.low }.max() ?? 0) / Double(type.largestOffset)) : 0
        func whole(_ value: Double, _ unit: Double, _ range: ClosedRange<Int>) -> Double {
            unit == 0
                ? 0 : min(max((value / unit).rounded(), Double(range.lowerBound)), Double(range.upperBound))
        }
        return error { group in
            (
                d * whole(scales[group], d, type.scaleRange),
                dmin * whole(-ends[group].low, dmin, 0...type.largestOffset)
            )
        }
    }

    /// The nearest number of float16.
    private func half(_ value: Double) -> Double {
        guard value != 0 else { return 0 }
        let step = Double(sign: .plus, exponent: max(Int(value.exponent), -14) - 10, significand: 1)
        return (value / step).rounded(.toNearestOrEven) * step
    }
}
