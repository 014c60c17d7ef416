import AdaDimCheckpoint
import AdaDimPipeline
import AdaDimRecipe
import AdaDimTestSupport
import Foundation

extension Scratch {
    /// A run in groups of 8 over sequences of 16 tokens that suits a tiny model.
    /// - Parameter name: of a golden model, which is copied.
    func job(_ name: String, samples: Int, output: String = "out") throws -> QuantizationJob {
        let model = try copyOfModel(name)
        let vocabulary = try Checkpoint(directory: model).configuration.vocabularySize
        var job = QuantizationJob(
            model: model, output: url.appending(path: output), calibration: try text(vocabulary: vocabulary),
            recipe: ModelRecipe(.fast))
        job.recipe.options.grid.groupSize = 8
        job.recipe.sampling.samples = samples
        job.recipe.sampling.sequenceLength = 16
        return job
    }
}
