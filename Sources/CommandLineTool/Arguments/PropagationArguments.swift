import AdaDimPipeline
import ArgumentParser

/// What the calibration text runs through.
struct PropagationArguments: ParsableArguments {
    @Option(
        help:
            "What a layer's inputs are computed with: the layers quantized before it (quantized), so that it can make up for their errors, or the untouched model (original)."
    )
    var propagate = QuantizationJob.Propagation.quantized

    /// Enters the options in a job.
    func set(_ job: inout QuantizationJob) { job.propagation = propagate }
}
