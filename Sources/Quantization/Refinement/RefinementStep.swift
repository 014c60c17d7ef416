import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Refines a layer's panels, each as soon as it is swept: its errors are at hand then.
struct LayerRefinement<S: RealScalar>: Sendable {
    private let refinement: Refinement
    /// Of H + λI. [in, 1]
    private let diagonal: Matrix<S>
    private let blocks: [SymmetricBlock<S>]
    /// A pool for each direction.
    private let memory: [WorkspacePool<RefinementMemory<S>>]

    /// - Returns: nil where there is nothing to do.
    init?(
        _ refinement: Refinement, _ factor: GramFactor<S>, _ layouts: [GroupLayout], _ schedule: SweepSchedule,
        _ panels: RowPanels, tallest: Int, tileRows: [Int]
    ) throws(QuantizationError) {
        guard refinement.passes > 0 else { return nil }
        self.refinement = refinement
        let damped = factor.dampedDiagonal
        diagonal = damped
        blocks = try factor.storage.withView { (storage) throws(QuantizationError) in
            try damped.withView { (diagonal) throws(QuantizationError) in
                let gram = StoredGram(storage: storage, diagonal: diagonal)
                return try schedule.blocks.map { (columns) throws(QuantizationError) in
                    try SymmetricBlock(gram, columns: columns)
                }
            }
        }
        memory = try zip(layouts, tileRows).map { (layout, height) throws(QuantizationError) in
            let scattered = ScatteredGroup.all(layout, factor)
            return try WorkspacePool(count: panels.atOnce) { () throws(QuantizationError) in
                try RefinementMemory(
                    rows: tallest, tiles: (tallest + height - 1) / height, order: factor.inputs,
                    scatteredGroups: refinement.changesScales ? scattered : [])
            }
        }
    }

    /// Refines what a panel's sweep left in one direction.
    /// - Returns: the loss afterwards, and how many passes it took. The panel's errors are used up.
    func refine(_ panel: SweepPanel<S>, _ direction: Int) -> RefinedLoss {
        diagonal.withView { diagonal in
            memory[direction].borrow { memory in
                let errors = panel.sums(of: direction)
                let passes = RefinementPanel(
                    weight: panel.weight, factor: panel.factor,
                    gram: StoredGram(storage: panel.v, diagonal: diagonal), blocks: blocks,
                    direction: panel.directions[direction], refinement: refinement, errors: errors, memory: memory,
                    kernels: panel.kernels, tiles: panel.tiles, work: panel.work
                ).refine()
                if panel.work?.isCancelled ?? false { return RefinedLoss() }
                let loss = panel.factor.loss(using: errors, panel.v)
                panel.work?.add(Double(errors.rows) * Double(errors.columns) * Double(errors.columns))
                return RefinedLoss(loss: loss, passes: passes)
            }
        }
    }
}
