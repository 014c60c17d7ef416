import AdaDimRecipe
import ArgumentParser

/// What the calibration text runs through.
struct PropagationArguments: ParsableArguments {
    @Option(
        help:
            "What a layer's inputs are computed with: the layers quantized before it (quantized), so that it can compensate for their errors, or the untouched model (original). (default: quantized)"
    )
    var propagate: Propagation?

    /// Overrides a recipe's settings by the options that were given.
    func set(_ recipe: inout ModelRecipe) { recipe.propagation = propagate ?? recipe.propagation }
}
