import AdaDimCalibration
import AdaDimRecipe

/// The parts of a run that hold memory besides a model's blocks and the engine: ``MemoryEstimate`` adds up what they hold.
package struct RunMemory: Sendable {
    /// What the layers aim at.
    var targets: TargetMemory
    /// How tokens count in a Gram matrix.
    var weighting: any TokenWeighting
    /// Whether a block's Gram matrices are there at the same time, or one after another.
    var keepsGrams: Bool
    /// Whether quantized weights wait until they can take the place of a stage's original ones.
    var replacesWeights: Bool
    /// Whether the Gram matrix is factored in Double, too, before a stage's layers are in memory.
    var factorsInDouble: Bool
    /// Whether quantized layers are written as plain numbers.
    var writesNumbers: Bool

    /// Of a run that quantizes a model.
    package static func quantizing(_ recipe: ModelRecipe) -> RunMemory {
        RunMemory(
            targets: recipe.targets.memory, weighting: recipe.weighting,
            keepsGrams: recipe.propagation == .original, replacesWeights: recipe.propagation == .quantized,
            factorsInDouble: false, writesNumbers: recipe.format.packing == nil)
    }

    /// Of a run that looks at the layers of the untouched model, stage after stage.
    package static func inspecting(_ recipe: ModelRecipe) -> RunMemory {
        RunMemory(
            targets: PlainTargets.memory, weighting: recipe.weighting, keepsGrams: false, replacesWeights: false,
            factorsInDouble: true, writesNumbers: false)
    }
}
