import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// The kernels of each instruction set against the plain Swift ones. With weights that are multiples of 1/64 and a
/// factor of few small elements every sum is exact in Float whatever the order and however it is fused, so nothing may
/// differ.
@Suite struct TileKernelTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let out: Int, inputs: Int, groupSize: Int?
        var testDescription: String { "[\(out), \(inputs)] g \(groupSize.map(String.init) ?? "channel")" }
    }

    // Tiles with and without rows to spare, more than one panel, groups that end inside a strip or a vector, and a
    // per-IC channel long enough to be shared by threads.
    static let cases = [
        Case(out: 64, inputs: 128, groupSize: 128), Case(out: 70, inputs: 300, groupSize: 48),
        Case(out: 1, inputs: 257, groupSize: 5), Case(out: 600, inputs: 140, groupSize: 64),
        Case(out: 1100, inputs: 40, groupSize: nil), Case(out: 33, inputs: 520, groupSize: 200),
        Case(out: 129, inputs: 130, groupSize: 100),
    ]

    /// H = V·Vᵀ with V upper triangular, ones on the diagonal and one element ±1 in some columns: exact in Float.
    private func factor(_ n: Int) throws -> GramFactor<Float> {
        let v = Matrix<Float>(rows: n, columns: n) { i, j in
            i == j ? 1 : j % 3 == 1 && i == j - 1 - j % 2 ? (j % 4 == 1 ? 1 : -1) : 0
        }
        return try GramFactor(Gram(v.multiplied(by: v, .transposed), tokens: n), dampingShare: 0)
    }

    @Test(arguments: cases, ChannelDimension.allCases)
    func everyInstructionSetDoesTheSame(_ example: Case, _ dimension: ChannelDimension) throws {
        let factor = try factor(example.inputs)
        let weight = Matrix<Float>(rows: example.out, columns: example.inputs) { i, j in
            Float((i * 37 + j * 101 + i * j) % 251 - 125) / 64
        }
        let layout = GroupLayout(
            rows: example.out, columns: example.inputs, groupSize: example.groupSize, dimension: dimension)
        let grids =
            QuantizationOptions.Grid.supportedBits.map { UniformGrid(bits: $0) } + [
                UniformGrid(bits: 3, isSymmetric: true), UniformGrid(bits: 4, isSymmetric: true, scaleType: .float16),
            ]
        for grid in grids {
            let expected = try solve(weight, factor, grid, layout, kernels: .portable)
            // Something was lost, and the ends of the grid occur: the comparison below can fail.
            #expect(expected.loss > 0)
            #expect(Set(expected.quantized.codes.columnMajorElements).isSuperset(of: [0, UInt8(grid.largestCode)]))
            for kernels in TileKernels.available {
                let found = try solve(weight, factor, grid, layout, kernels: kernels)
                #expect(found.quantized == expected.quantized, "\(kernels.name), \(grid)")
                // Sums of squares of at most 256 rows in Float, the rest in Double.
                #expect(
                    abs(found.dampedLoss - expected.dampedLoss) <= 32 * Double(Float.ulpOfOne) * expected.dampedLoss)
            }
        }
    }

    /// With ranges by search, too, where nothing but the search is rounded: each set's grids are best ones for what its own
    /// sweep has made of their groups' weights.
    @Test(arguments: cases, ChannelDimension.allCases)
    func everyInstructionSetSearchesRanges(_ example: Case, _ dimension: ChannelDimension) throws {
        let factor = try factor(example.inputs)
        let weight = Matrix<Float>(rows: example.out, columns: example.inputs) { i, j in
            Float((i * 37 + j * 101 + i * j) % 251 - 125) / 64
        }
        let layout = GroupLayout(
            rows: weight.rows, columns: weight.columns, groupSize: example.groupSize, dimension: dimension)
        for grid in [
            UniformGrid(bits: 2, ranges: .search), UniformGrid(bits: 3, isSymmetric: true, ranges: .search),
            UniformGrid(bits: 4, ranges: .search),
        ] {
            for kernels in TileKernels.available {
                let found = try solve(weight, factor, grid, layout, kernels: kernels)
                let updated = updatedWeights(weight, factor, found.quantized)
                SearchedGrids(grid: grid, eps: Double(Float.ulpOfOne)).expectBest(
                    found.quantized, "\(kernels.name), \(grid)", weight: { updated[$0, $1] },
                    importance: { Double(factor.diagonal[$0, 0]) })
            }
        }
    }

    /// What the grids of a sweep were found for, in plain loops: per-IC w′ⱼ, per-OC W_g + [Σ_{k<j₀} e_k·V_kg]·V_gg⁻¹.
    private func updatedWeights(
        _ weight: Matrix<Float>, _ factor: GramFactor<Float>, _ quantized: QuantizedMatrix
    ) -> Matrix<Double> {
        let (v, q, layout) = (factor.upperTriangular(), quantized.dequantized(), quantized.layout)
        var updated = weight.inDouble
        for i in 0..<weight.rows {
            let e = (0..<weight.columns).map { Double(weight[i, $0] - q[i, $0]) }
            var x = [Double](repeating: 0, count: weight.columns)
            for j in 0..<weight.columns {
                let first = layout.dimension == .perOutputChannel ? j / layout.groupSize * layout.groupSize : j
                var sum = 0.0
                for k in 0..<j where v[k, j] != 0 { sum += (k < first ? e[k] : -x[k]) * Double(v[k, j]) }
                x[j] = sum / Double(v[j, j])
                updated[i, j] += x[j]
            }
        }
        return updated
    }

    /// Every processor has the plain kernels; one that has AVX-512 has AVX2, too.
    @Test func theWidestKernelsComeFirst() {
        #expect(
            [["AVX-512", "AVX2", "Swift"], ["AVX2", "Swift"], ["Swift"]].contains(TileKernels.available.map(\.name)))
    }

    /// Both directions in one pass are what each is by itself.
    @Test(arguments: cases) func directionsDoNotDisturbEachOther(_ example: Case) throws {
        let layer = RandomLayer(out: example.out, in: example.inputs, seed: 3)
        let factor = try GramFactor(layer.gram)
        let layouts = ChannelDimension.allCases.map {
            GroupLayout(rows: example.out, columns: example.inputs, groupSize: example.groupSize, dimension: $0)
        }
        let grid = UniformGrid(bits: 3)
        let both = try solve(layer.weight, factor, grid, layouts)
        for (layout, found) in zip(layouts, both) {
            let alone = try solve(layer.weight, factor, grid, layout)
            #expect(found.quantized == alone.quantized)
            #expect(abs(found.loss - alone.loss) <= 1e-9 * alone.loss)
        }
    }
}
