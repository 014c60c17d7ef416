import AdaDimExport
import AdaDimFormats
import AdaDimRecipe
import Foundation

/// What a run is given: a model, a text, a recipe, and where to write.
package struct QuantizationJob: Sendable {
    package var model: URL
    package var calibration: URL
    package var recipe: ModelRecipe
    package var overwrite = false
    /// What the output is for: the recipe is fitted to it before the run. nil for nothing in particular.
    package var runtime: Runtime?
    /// What of the recipe the user has stated; all else may be changed for the runtime.
    package var stated = StatedSettings()
    private var directory: URL?

    /// - Parameter output: nil for layers that are looked at only: see ``InspectionJob``.
    package init(model: URL, output: URL? = nil, calibration: URL, recipe: ModelRecipe = ModelRecipe()) {
        self.model = model
        self.calibration = calibration
        self.recipe = recipe
        directory = output
    }

    /// The directory to write.
    /// - Precondition: the job has one.
    package var output: URL {
        get {
            guard let directory else { preconditionFailure("a job without an output") }
            return directory
        }
        set { directory = newValue }
    }
}
