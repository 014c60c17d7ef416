import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// Panels of rows, cut by memory, one after another in the same workspaces.
@Suite(.serialized) struct PanelsInTurnTests {
    private static let rows = 300
    private static let columns = 150
    private let layer = RandomLayer(out: rows, in: columns, seed: 29)

    private func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
        let before = BLASLibrary.threadCount
        defer { BLASLibrary.threadCount = before }
        BLASLibrary.threadCount = count
        return try body()
    }

    /// A group narrower than a block of columns, and one wider, which takes more workspaces.
    private func layouts(_ groupSize: Int) -> [GroupLayout] {
        ChannelDimension.allCases.map {
            GroupLayout(rows: Self.rows, columns: Self.columns, groupSize: groupSize, dimension: $0)
        }
    }

    /// The panels that a budget of one byte leaves.
    private func panels(_ groupSize: Int, bytesPerNumber: Int, threads: Int) -> RowPanels {
        RowPanels(
            rows: Self.rows, alignment: groupSize, bytesPerRow: 2 * Self.columns * bytesPerNumber, threads: threads,
            memoryBudget: 1)
    }

    /// In Double, where sums in another order flip no code. With more threads than panels one after another gets all.
    @Test(arguments: [1, 2, 64], [16, 140])
    func panelsGiveTheCodesOfOne(_ threads: Int, _ groupSize: Int) throws {
        let factor = try GramFactor(layer.gram)
        let (grid, layouts) = (UniformGrid(bits: 3), layouts(groupSize))
        let whole = try withThreads(1) { try solve(layer.weight, factor, grid, layouts) }
        try withThreads(threads) {
            let panels = panels(groupSize, bytesPerNumber: 8, threads: BLASLibrary.threadCount)
            #expect(panels.ranges.count == (groupSize == 16 ? 5 : 3))
            #expect(panels.atOnce == (threads == 2 ? 2 : 1))
            let cut = try solve(layer.weight, factor, grid, layouts, panelBudget: 1)
            for (found, expected) in zip(cut, whole) {
                #expect(found.quantized == expected.quantized)
                // Sums of the same squares in another order.
                #expect(abs(found.dampedLoss - expected.dampedLoss) <= 1e-12 * expected.dampedLoss)
            }
        }
    }

    /// In Float each panel gives, to the bit, what its rows give as a weight of their own, in memory of their own.
    @Test(arguments: [1, 2], [16, 140])
    func aPanelBehindAnotherGivesWhatItGivesAlone(_ threads: Int, _ groupSize: Int) throws {
        var gram = try Gram<Float>(order: Self.columns)
        try gram.accumulate(layer.activations.inFloat)
        let factor = try GramFactor(gram)
        let (weight, grid) = (layer.weight.inFloat, UniformGrid(bits: 3))
        let layouts = layouts(groupSize)
        let cut = try withThreads(threads) { try solve(weight, factor, grid, layouts, panelBudget: 1) }
        for rows in panels(groupSize, bytesPerNumber: 4, threads: threads).ranges {
            let own = Matrix<Float>(rows: rows.count, columns: Self.columns) { weight[rows.lowerBound + $0, $1] }
            let alone = try withThreads(1) {
                try solve(
                    own, factor, grid,
                    layouts.map {
                        GroupLayout(
                            rows: rows.count, columns: Self.columns, groupSize: groupSize, dimension: $0.dimension)
                    })
            }
            for (found, expected) in zip(cut, alone) {
                let codes = Matrix<UInt8>(rows: rows.count, columns: Self.columns) {
                    found.quantized.codes[rows.lowerBound + $0, $1]
                }
                #expect(codes == expected.quantized.codes, "rows \(rows)")
            }
        }
    }

    @Test(arguments: [1, 2, 64])
    func lossesInPanelsAddUp(_ threads: Int) throws {
        let factor = try GramFactor(layer.gram)
        let whole = try withThreads(1) { try factor.loss(layer.weight) }
        let cut = try withThreads(threads) { try factor.loss(layer.weight, panelBudget: 1) }
        #expect(abs(cut - whole) <= 1e-12 * whole)
        #expect(abs(whole - definedLoss(layer.weight, zero, layer.activations)) <= 1e-9 * whole)
    }

    private var zero: Matrix<Double> { Matrix(repeating: 0, rows: Self.rows, columns: Self.columns) }
}
