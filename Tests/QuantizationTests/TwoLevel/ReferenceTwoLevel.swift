import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

// Two-level grids written out plainly in Double: what the engine is tested against.

/// A code's weight in llama.cpp's arithmetic: products exact, the difference rounded once to a Float.
func plainValue(_ grids: TwoLevelScales, code: Int, row i: Int, input j: Int) -> Double {
    let type = grids.type
    let (group, block) = (j / type.groupSize, j / 256)
    let scale = Double(grids.superScales[i, block]) * Double(grids.scales[i, group])
    var offset = 0.0
    if let dmin = grids.superOffsets, let m = grids.offsets { offset = Double(dmin[i, block]) * Double(m[i, group]) }
    // Double holds both products and their difference exactly.
    return Double(Float(scale * Double(code - type.zeroPoint) - offset))
}

/// All weights of a quantized matrix.
func plainValues(_ quantized: QuantizedMatrix) throws -> Matrix<Double> {
    guard let grids = quantized.twoLevel else { throw NoTwoLevelGrids() }
    return Matrix(rows: quantized.rows, columns: quantized.columns) {
        plainValue(grids, code: Int(quantized.codes[$0, $1]), row: $0, input: $1)
    }
}

struct NoTwoLevelGrids: Error {}

/// GPTQ's sweep as its paper writes it, on grids that are given: each column's weights take the nearest of all values of their
/// grid, and the error over Uⱼⱼ times row j of U is subtracted from the later columns.
/// - Returns: the codes, and Σⱼ ‖errorⱼ‖², which is tr((W−Q)(H+λI)(W−Q)ᵀ).
func referenceTwoLevelSweep(
    _ weight: Matrix<Double>, _ factor: GramFactor<Double>, _ grids: TwoLevelScales
) throws -> (codes: Matrix<UInt8>, dampedLoss: Double) {
    let u = try InverseHessianFactor(factor).upper
    let order = factor.order ?? Array(0..<weight.columns)
    var w = weight
    var codes = Matrix<UInt8>(repeating: 0, rows: weight.rows, columns: weight.columns)
    var loss = 0.0
    for (position, j) in order.enumerated() {
        for i in 0..<weight.rows {
            let code = nearestCode(grids, to: w[i, j], row: i, input: j)
            codes[i, j] = UInt8(code)
            let error = (w[i, j] - plainValue(grids, code: code, row: i, input: j)) / u[position, position]
            loss += error * error
            for later in position..<order.count { w[i, order[later]] -= error * u[position, later] }
        }
    }
    return (codes, loss)
}

/// The code whose value is nearest; the zero point's on a grid of one value.
func nearestCode(_ grids: TwoLevelScales, to weight: Double, row i: Int, input j: Int) -> Int {
    let type = grids.type
    if grids.superScales[i, j / 256] == 0 || grids.scales[i, j / type.groupSize] == 0 { return type.zeroPoint }
    return (0..<1 << type.bits).min {
        abs(plainValue(grids, code: $0, row: i, input: j) - weight)
            < abs(plainValue(grids, code: $1, row: i, input: j) - weight)
    } ?? 0
}

/// A simple search: each group's full range, the largest scale and offset at the largest whole number, all else the nearest.
func simpleTwoLevelGrids(_ type: TwoLevelType, _ weight: Matrix<Double>) -> TwoLevelScales {
    let (supers, groups) = (weight.columns / 256, weight.columns / type.groupSize)
    let perSuper = 256 / type.groupSize
    let highest = Double(1 << type.bits) - 1
    func ends(_ i: Int, _ group: Int) -> (low: Double, high: Double) {
        let values = (0..<type.groupSize).map { weight[i, group * type.groupSize + $0] }
        return (values.reduce(0, min), values.reduce(0, max))
    }
    func scale(_ i: Int, _ group: Int) -> Double {
        let (low, high) = ends(i, group)
        if type.hasOffsets { return (high - low) / highest }
        // The larger end at the code that is farther from the zero point.
        return (-low > high ? low : high) / -Double(type.zeroPoint)
    }
    func half(_ value: Double) -> Float { floatFromFloat16(float16FromFloat(Float(value))) }
    let d = Matrix<Float>(rows: weight.rows, columns: supers) { i, block in
        let scales = (0..<perSuper).map { scale(i, block * perSuper + $0) }
        let largest = scales.max { abs($0) < abs($1) } ?? 0
        return half(largest / Double(type.hasOffsets ? type.scaleRange.upperBound : type.scaleRange.lowerBound))
    }
    let dmin = Matrix<Float>(rows: weight.rows, columns: supers) { i, block in
        half(
            ((0..<perSuper).map { -ends(i, block * perSuper + $0).low }.max() ?? 0) / Double(max(type.largestOffset, 1))
        )
    }
    func whole(_ value: Double, _ unit: Float, _ range: ClosedRange<Int>) -> Int {
        unit == 0 ? 0 : min(max(Int((value / Double(unit)).rounded()), range.lowerBound), range.upperBound)
    }
    return TwoLevelScales(
        type, superScales: d, superOffsets: type.hasOffsets ? dmin : nil,
        scales: Matrix(rows: weight.rows, columns: groups) {
            Int8(whole(scale($0, $1), d[$0, $1 / perSuper], type.scaleRange))
        },
        offsets: type.hasOffsets
            ? Matrix(rows: weight.rows, columns: groups) {
                UInt8(whole(-ends($0, $1).low, dmin[$0, $1 / perSuper], 0...type.largestOffset))
            } : nil)
}

/// Σ hⱼ·(wⱼ − nearest value)² of each super-block, [out, in/256].
func weightedErrors(
    _ grids: TwoLevelScales, _ weight: Matrix<Double>, importance: (Int) -> Double
) -> Matrix<Double> {
    Matrix(rows: weight.rows, columns: weight.columns / 256) { i, block in
        (block * 256..<(block + 1) * 256).reduce(0.0) { sum, j in
            let code = nearestCode(grids, to: weight[i, j], row: i, input: j)
            let miss = weight[i, j] - plainValue(grids, code: code, row: i, input: j)
            return sum + importance(j) * miss * miss
        }
    }
}

/// Checks that all parts are on the type's lattice, and that scales are made of them.
func isOnLattice(_ quantized: QuantizedMatrix) -> Bool {
    guard let grids = quantized.twoLevel else { return false }
    let type = grids.type
    let perSuper = 256 / type.groupSize
    func isHalf(_ value: Float) -> Bool { floatFromFloat16(float16FromFloat(value)) == value }
    for i in 0..<quantized.rows {
        for block in 0..<grids.superScales.columns {
            guard isHalf(grids.superScales[i, block]), grids.superScales[i, block].isFinite else { return false }
            guard let dmin = grids.superOffsets?[i, block] else { continue }
            guard isHalf(dmin), dmin.isFinite, dmin >= 0, grids.superScales[i, block] >= 0 else { return false }
        }
        for group in 0..<grids.scales.columns {
            guard type.scaleRange.contains(Int(grids.scales[i, group])),
                Int(grids.offsets?[i, group] ?? 0) <= type.largestOffset,
                quantized.scales[i, group]
                    == grids.superScales[i, group / perSuper] * Float(grids.scales[i, group]),
                quantized.zeroPoints[i, group] == UInt8(type.zeroPoint)
            else { return false }
        }
        for j in 0..<quantized.columns where Int(quantized.codes[i, j]) >= 1 << type.bits { return false }
    }
    return quantized.bits == type.bits && quantized.groupSize == type.groupSize
        && quantized.dimension == .perOutputChannel
}
