import AdaDimCheckpoint
import AdaDimFormats
import AdaDimRecipe
import Logging

extension QuantizationJob {
    /// The job with a recipe that gives what its runtime demands; itself where it has none.
    /// - Parameter log: gets what was changed.
    /// - Throws: ``PipelineError`` and `FormatError` for what the user states against it.
    func fitted(to checkpoint: Checkpoint, log: Logger) throws -> QuantizationJob {
        guard let runtime else { return self }
        var fitting = RuntimeFitting(recipe, runtime, stated, checkpoint)
        try fitting.fitSettings()
        try fitting.fitRules()
        try fitting.leaveOut()
        try fitting.fitGroupSize()
        try fitting.checkPlan()
        for change in fitting.changes { log.notice("--for \(runtime.name): \(change)") }
        var job = self
        job.recipe = fitting.recipe
        return job
    }
}
