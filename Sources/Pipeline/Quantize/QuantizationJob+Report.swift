import AdaDimCalibration
import AdaDimLinearAlgebra
import AdaDimRecipe
import AdaDimReports
import Foundation

extension QuantizationJob {
    /// The recipe as it is carried out, with what was drawn in place of what was left open.
    func carriedOut(_ samples: CalibrationSamples, _ plan: LayerPlan) -> ModelRecipe {
        var recipe = recipe.carriedOut
        recipe.sampling.samples = samples.sequences.count
        recipe.sampling.sequenceLength = samples.sequences.first?.count ?? 0
        recipe.options.grid.scaleType = plan.scaleType
        return recipe
    }

    /// As the report gives it.
    func described(_ samples: CalibrationSamples, _ plan: LayerPlan) -> RunSettings {
        RunSettings(
            carriedOut(samples, plan), threads: BLASLibrary.threadCount,
            model: model.standardizedFileURL.lastPathComponent, calibration: calibration.relativePath)
    }
}
