import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What is done to a weight, in order. A new step is added here.
func layerSteps(_ refinement: Refinement) -> [any LayerStep] {
    let refining: [any LayerStep] = refinement.passes > 0 ? [RefinementPasses(refinement)] : []
    return [Sweep()] + refining
}

extension QuantizationOptions {
    /// The same with the sweep as the only step; nil where it is, or where there is none.
    package var sweepAlone: QuantizationOptions? {
        guard method == .gptq, layerSteps(refinement).count > 1 else { return nil }
        var options = self
        options.refinement.passes = 0
        return options
    }
}

extension StepShape {
    /// Of the directions that are worked in at the same time.
    init<S>(_ factor: GramFactor<S>, _ layouts: [GroupLayout], isTwoLevel: Bool, threads: Int) {
        self.init(
            columns: factor.inputs, dimensions: layouts.map(\.dimension), directionsAtOnce: layouts.count,
            groupSize: layouts.first?.groupSize, isOrdered: factor.positions != nil, isTwoLevel: isTwoLevel,
            threads: threads)
    }

    /// Of a layer whose direction may still be open.
    init(columns: Int, _ options: QuantizationOptions, threads: Int) {
        self.init(
            columns: columns, dimensions: options.usedDirection.candidates,
            directionsAtOnce: options.usedDirection == .adaptive(by: .sweep) ? 2 : 1, groupSize: options.grid.groupSize,
            isOrdered: options.factor.activationOrder, isTwoLevel: options.grid.twoLevel != nil, threads: threads)
    }
}
