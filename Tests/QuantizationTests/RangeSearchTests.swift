import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

@Suite struct RangeSearchTests {
    private static func grids(_ scaleType: ScaleType) -> [UniformGrid] {
        QuantizationOptions.Grid.supportedBits.flatMap { bits in
            [false, true].map {
                UniformGrid(bits: bits, isSymmetric: $0, scaleType: scaleType, ranges: .search)
            }
        }
    }

    /// Of every column's importance; some do not count at all.
    private func importance<S: RealScalar>(_ columns: Int, _: S.Type) -> Matrix<S> {
        Matrix(rows: columns, columns: 1) { j, _ in j % 7 == 2 ? 0 : S(1 + j * 5 % 11) }
    }

    @Test(arguments: straddlingSizes, ChannelDimension.allCases)
    func everyGroupTakesTheBestRange(_ size: Int, _ dimension: ChannelDimension) throws {
        try expectBest(size, dimension, Double.self)
        try expectBest(size, dimension, Float.self)
    }

    private func expectBest<S: RealScalar>(_ size: Int, _ dimension: ChannelDimension, _: S.Type) throws {
        let (out, inputs) = dimension == .perOutputChannel ? (37, size) : (size, 21)
        let weight = RandomLayer(out: out, in: inputs, seed: 71).weight.converted(to: S.self)
        let importance = importance(inputs, S.self)
        for groupSize in [16, 48, nil] {
            let layout = GroupLayout(rows: out, columns: inputs, groupSize: groupSize, dimension: dimension)
            for grid in Self.grids(.float32) {
                let quantized = try roundToNearest(weight, grid, layout, importance: importance).quantized
                let sums = SearchedGrids(grid: grid, eps: Double(S.ulpOfOne)).expectBest(
                    quantized, "\(S.self) g \(groupSize ?? 0) \(grid)", weight: { Double(weight[$0, $1]) },
                    importance: { Double(importance[$0, 0]) })
                #expect(sums.found <= sums.full)
                // Of two bits and groups of some size the middle of the range is worth more than its ends.
                if grid.bits == 2 && size >= 31 && groupSize != 16 {
                    #expect(sums.found < 0.9 * sums.full, "g \(groupSize ?? 0) \(grid)")
                }
            }
        }
    }

    /// An inactive input counts by its damping, so that its weight is not clamped for nothing; in any order of columns, rounded
    /// or swept.
    @Test(arguments: [false, true], [0.3, 0])
    func inactiveInputsCountByTheirDamping(_ ordered: Bool, _ damping: Double) throws {
        let random = RandomLayer(out: 40, in: 48, seed: 75)
        let inactive = [5, 17, 40]
        let activations = Matrix<Double>(rows: 48, columns: 200) {
            inactive.contains($0) ? 0 : random.activations[$0, $1 % random.activations.columns]
        }
        // The largest of its group, so that the range is theirs to lose.
        let weight = Matrix<Double>(rows: 40, columns: 48) {
            inactive.contains($1) ? 0.1 : min(max(random.weight[$0, $1], -0.06), 0.06)
        }
        var gram = try Gram<Double>(order: 48)
        try gram.accumulate(activations)
        let mean = (0..<48).reduce(0.0) { $0 + gram.symmetric()[$1, $1] } / 48
        let diagonal = gram.symmetric()
        func importance(_ j: Int) -> Double {
            inactive.contains(j) ? (damping == 0 ? mean : damping * mean) : diagonal[j, j]
        }
        func quantized(_ method: QuantizationOptions.Method) throws -> QuantizedMatrix {
            try quantize(
                weight, gram: gram,
                options: .init(.fast) {
                    $0.grid.bits = 3
                    $0.grid.groupSize = 16
                    $0.grid.scaleType = .float32
                    $0.grid.ranges = .search
                    $0.method = method
                    $0.factor.damping = damping
                    $0.factor.activationOrder = ordered
                    $0.direction = .fixed(.perOutputChannel)
                }
            ).quantized
        }
        let grids = SearchedGrids(grid: UniformGrid(bits: 3, scaleType: .float32, ranges: .search), eps: .ulpOfOne)
        let rounded = try quantized(.roundToNearest)
        grids.expectBest(rounded, "rounded", weight: { weight[$0, $1] }, importance: importance)
        // In order every group's grid is set before the sweep, from the same weights; else the first group's.
        let swept = try quantized(.gptq)
        let groups = ordered ? 0..<3 : 0..<1
        #expect(
            groups.allSatisfy { group in (0..<40).allSatisfy { swept.scales[$0, group] == rounded.scales[$0, group] } })
        // It makes a difference.
        let layout = GroupLayout(rows: 40, columns: 48, groupSize: 16, dimension: .perOutputChannel)
        let careless = try roundToNearest(
            weight, UniformGrid(bits: 3, scaleType: .float32, ranges: .search), layout,
            importance: Matrix(rows: 48, columns: 1) { j, _ in diagonal[j, j] }
        ).quantized
        #expect(careless.scales != rounded.scales)
    }

    /// Rows that do not fill a vector get what they get among others.
    @Test(arguments: TileKernels.available.indices, [false, true])
    func raggedHeightsChangeNothing(_ index: Int, _ symmetric: Bool) throws {
        let kernels = TileKernels.available[index]
        let weight = RandomLayer(out: 290, in: 50, seed: 72).weight.inFloat
        let importance = importance(50, Float.self)
        let grid = UniformGrid(bits: 3, isSymmetric: symmetric, ranges: .search)
        func quantized(_ weight: Matrix<Float>) throws -> QuantizedMatrix {
            let layout = GroupLayout(rows: weight.rows, columns: 50, groupSize: 16, dimension: .perOutputChannel)
            return try roundToNearest(weight, grid, layout, importance: importance, kernels: kernels).quantized
        }
        let whole = try quantized(weight)
        for rows in [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 255, 256, 257, 271] {
            let alone = try quantized(weight.only(rows: 290 - rows..<290))
            #expect(alone.scales == whole.scales.only(rows: 290 - rows..<290), "\(rows) rows")
            #expect(alone.zeroPoints == whole.zeroPoints.only(rows: 290 - rows..<290), "\(rows) rows")
            #expect(alone.codes == whole.codes.only(rows: 290 - rows..<290), "\(rows) rows")
        }
    }

    /// Where squares of errors overflow or underflow there is nothing to choose by: the full range, and never a number
    /// that is none. Rows of zeros and rows of usual size beside them are what they are by themselves.
    @Test(arguments: TileKernels.available.indices, ChannelDimension.allCases)
    func hugeAndTinyWeightsKeepTheFullRange(_ index: Int, _ dimension: ChannelDimension) throws {
        let kernels = TileKernels.available[index]
        let (rows, columns) = dimension == .perOutputChannel ? (23, 40) : (40, 23)
        var random = NormalGenerator(seed: 73)
        // By channel: two of usual size, one of zeros, one of 1e30, one of ±2.5e38, one of 1e-30.
        let sizes: [Float] = [1, 0, 1e30, 1, 2.5e38, 1e-30]
        let weight = Matrix<Float>(rows: rows, columns: columns) { i, j in
            let size = sizes[(dimension == .perOutputChannel ? i : j) % 6]
            return size * Float.random(in: -1...1, using: &random)
        }
        let layout = GroupLayout(rows: rows, columns: columns, groupSize: 16, dimension: dimension)
        for symmetric in [false, true] {
            for bits in QuantizationOptions.Grid.supportedBits {
                func quantized(_ ranges: RangeRule) throws -> QuantizedMatrix {
                    let grid = UniformGrid(bits: bits, isSymmetric: symmetric, ranges: ranges)
                    return try roundToNearest(weight, grid, layout, kernels: kernels).quantized
                }
                let (full, searched) = (try quantized(.full), try quantized(.search))
                #expect(searched.scales.columnMajorElements.allSatisfy { $0 > 0 && $0.isFinite })
                #expect(searched.dequantized().firstNonFinite == nil)
                for r in 0..<layout.scaleRows {
                    for c in 0..<layout.scaleColumns {
                        let size = sizes[(dimension == .perOutputChannel ? r : c) % 6]
                        if size == 1 { continue }
                        #expect(searched.scales[r, c] == full.scales[r, c], "\(size), \(bits) bits")
                        #expect(searched.zeroPoints[r, c] == full.zeroPoints[r, c], "\(size), \(bits) bits")
                        if size == 0 { #expect(searched.scales[r, c] == 1) }
                    }
                }
                let usual = (0..<rows).filter { dimension == .perInputChannel || sizes[$0 % 6] == 1 }
                let usualColumns = (0..<columns).filter { dimension == .perOutputChannel || sizes[$0 % 6] == 1 }
                let alone = Matrix<Float>(rows: usual.count, columns: usualColumns.count) {
                    weight[usual[$0], usualColumns[$1]]
                }
                let grid = UniformGrid(bits: bits, isSymmetric: symmetric, ranges: .search)
                let expected = try roundToNearest(
                    alone, grid,
                    GroupLayout(
                        rows: usual.count, columns: usualColumns.count, groupSize: 16, dimension: dimension),
                    kernels: kernels
                ).quantized
                for (i, row) in usual.enumerated() {
                    for (j, column) in usualColumns.enumerated() {
                        let isSame = searched.codes[row, column] == expected.codes[i, j]
                        if !isSame { #expect(isSame, "(\(row), \(column)), \(bits) bits") }
                    }
                }
            }
        }
    }

    /// Every instruction set's choice is a best one. It is the portable kernels' but where two candidates are as good: sums
    /// of squares differ in the last bits, since some sets fuse products and sums, and sum up a column in more lanes.
    @Test(arguments: TileKernelTests.cases, ChannelDimension.allCases)
    func everyInstructionSetTakesTheBestRange(_ example: TileKernelTests.Case, _ dimension: ChannelDimension) throws {
        let weight = RandomLayer(out: example.out, in: example.inputs, seed: 74).weight.inFloat
        let importance = importance(example.inputs, Float.self)
        let layout = GroupLayout(
            rows: example.out, columns: example.inputs, groupSize: example.groupSize, dimension: dimension)
        for grid in Self.grids(.bfloat16) where grid.bits != 8 || example.out < 100 {
            let expected = try roundToNearest(
                weight, grid, layout, importance: importance, kernels: .portable
            ).quantized
            for kernels in TileKernels.available {
                let found = try roundToNearest(weight, grid, layout, importance: importance, kernels: kernels).quantized
                SearchedGrids(grid: grid, eps: Double(Float.ulpOfOne)).expectBest(
                    found, kernels.name, weight: { Double(weight[$0, $1]) },
                    importance: { Double(importance[$0, 0]) })
                let groups = zip(found.scales.columnMajorElements, found.zeroPoints.columnMajorElements)
                let others = zip(expected.scales.columnMajorElements, expected.zeroPoints.columnMajorElements)
                let different = zip(groups, others).count { $0 != $1 }
                // The best two of 49 are within 1e-4 of each other in fewer than one group of a hundred, and rounding is
                // a hundredth of that.
                #expect(different <= expected.scales.count / 100 + 1, "\(kernels.name), \(grid)")
            }
        }
    }
}
