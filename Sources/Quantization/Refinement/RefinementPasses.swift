import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Passes over a swept panel, as soon as it is swept: its errors are at hand then.
struct RefinementPasses: LayerStep {
    let refinement: Refinement

    init(_ refinement: Refinement) { self.refinement = refinement }

    var name: String { "passes" }

    /// E·H on a block, and what the steps of a pass take.
    func elementsPerRow(of shape: StepShape) -> Int {
        shape.directionsAtOnce * (SweepSchedule.blockWidth + PassSteps.elementsPerRow(of: shape))
    }

    /// H's blocks in two forms, and what the steps of a pass take.
    func sharedElements(of shape: StepShape) -> Int {
        2 * shape.columns * SweepSchedule.blockWidth + PassSteps.sharedElements(of: shape, refinement)
    }

    /// For each pass a product with H and what its steps take besides, and a product for the loss that they leave.
    func flopsPerRow(columns: Int) -> Double {
        let square = Double(columns) * Double(columns)
        return square + Double(refinement.passes) * (2 * square + PassSteps.flopsPerRow(columns: columns))
    }

    @_specialize(where S == Float)
    @_specialize(where S == Double)
    func prepared<S: RealScalar>(for layer: SolvedLayer<S>) throws(QuantizationError) -> any PreparedStep<S> {
        try PreparedPasses(refinement, layer)
    }
}

/// Passes over the panels of one layer.
private struct PreparedPasses<S: RealScalar>: PreparedStep {
    let refinement: Refinement
    let layer: SolvedLayer<S>
    let blocks: [SymmetricBlock<S>]
    /// A pool for each direction.
    let memory: [WorkspacePool<RefinementMemory<S>>]

    init(_ refinement: Refinement, _ layer: SolvedLayer<S>) throws(QuantizationError) {
        self.refinement = refinement
        self.layer = layer
        blocks = try layer.factor.withDampedGram { (gram) throws(QuantizationError) in
            try layer.schedule.blocks.map { (columns) throws(QuantizationError) in
                try SymmetricBlock(gram, columns: columns)
            }
        }
        memory = try layer.layouts.map { (layout) throws(QuantizationError) in
            let isTwoLevel = layer.isTwoLevel
            let scattered =
                refinement.changesScales && !isTwoLevel ? ScatteredGroup.all(layout, layer.factor) : []
            return try WorkspacePool(count: layer.panels.atOnce) { () throws(QuantizationError) in
                try RefinementMemory(
                    rows: layer.tallest, tiles: layer.tiles(of: layout), order: layer.factor.inputs,
                    scatteredGroups: scattered,
                    twoLevel: refinement.changesScales && isTwoLevel
                        ? TwoLevelStepMemory(rows: layer.tallest, layer.factor) : nil)
            }
        }
    }

    @_specialize(where S == Float)
    @_specialize(where S == Double)
    func run(on panel: Panel<S>) -> [StepLoss] { panel.results.indices.map { refine(panel, $0) } }

    /// Refines one direction.
    private func refine(_ panel: Panel<S>, _ direction: Int) -> StepLoss {
        let errors = panel.errors(of: direction)
        let passes = layer.factor.withDampedGram { gram in
            memory[direction].borrow { memory in
                RefinementPanel(panel, direction, gram, refinement, layer, memory).refine(blocks)
            }
        }
        if panel.isCancelled { return StepLoss() }
        let loss = layer.factor.withUpperTriangle { v in layer.factor.loss(using: errors, v) }
        panel.flops?.add(Double(errors.rows) * Double(errors.columns) * Double(errors.columns))
        return StepLoss(loss: loss, passes: passes)
    }
}
