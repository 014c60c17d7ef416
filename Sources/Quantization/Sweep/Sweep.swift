import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// GPTQ's column sweep without an inverse, in blocks. With F = V·diag(V)⁻¹:
///
///     w′ⱼ = Wⱼ + Σ_{k<j} (W_k − Q_k)·F_kj          Qⱼ = grid(w′ⱼ)
///
/// In a panel the columns are halved recursively (``SweepPanel``): one half's errors enter the other's sums by one `gemm`. At
/// the leaves, tiles of rows go through a block of columns (``SweepTile``). The codes are those of GPTQ as its paper writes it,
/// up to rounding (`SweepEquivalenceTests`).
struct Sweep: LayerStep {
    var name: String { "sweep" }

    func elementsPerRow(of shape: StepShape) -> Int { shape.directionsAtOnce * shape.columns }

    func sharedElements(of shape: StepShape) -> Int { 0 }

    func flopsPerRow(columns: Int) -> Double { Double(columns) * Double(columns) }

    @_specialize(where S == Float)
    @_specialize(where S == Double)
    func prepared<S: RealScalar>(for layer: SolvedLayer<S>) throws(QuantizationError) -> any PreparedStep<S> {
        try PreparedSweep(layer)
    }
}

/// A sweep of one layer.
private struct PreparedSweep<S: RealScalar>: PreparedStep {
    let layer: SolvedLayer<S>
    /// For each direction, one and the same where tiles read the factor's blocks alike.
    let blocks: [PackedBlocks<S>]
    let memory: WorkspacePool<SweepMemory<S>>

    init(_ layer: SolvedLayer<S>) throws(QuantizationError) {
        self.layer = layer
        let sweptGroup = layer.sweptGroupSize
        var packed: [Int?: PackedBlocks<S>] = [:]
        blocks = try layer.factor.withUpperTriangle { (v) throws(QuantizationError) in
            try layer.layouts.map { (layout) throws(QuantizationError) in
                let findsGrids = layout.dimension == .perOutputChannel && sweptGroup != nil
                let width = findsGrids && layout.groupSize < SweepSchedule.blockWidth ? layout.groupSize : nil
                if let blocks = packed[width] { return blocks }
                let blocks = try PackedBlocks(v, columns: layer.schedule.blocks, groupWidth: width)
                packed[width] = blocks
                return blocks
            }
        }
        memory = try WorkspacePool(count: layer.panels.atOnce) { () throws(QuantizationError) in
            try SweepMemory<S>(
                tiles: layer.mostTiles,
                groupWidth: sweptGroup.flatMap { $0 > SweepSchedule.blockWidth ? $0 : nil })
        }
    }

    @_specialize(where S == Float)
    @_specialize(where S == Double)
    func run(on panel: Panel<S>) -> [StepLoss] {
        layer.factor.withUpperTriangle { v in
            memory.borrow { memory in
                SweepPanel(panel: panel, factor: layer.factor, v: v, blocks: blocks, memory: memory, layer: layer)
                    .sweep(layer.schedule.root, hasSums: false).map { StepLoss(loss: $0) }
            }
        }
    }
}
