import AdaDimReports

/// The times of a run's parts, except those in its layers' entries.
struct RunTimes: Sendable {
    /// Waiting for a block's weights.
    var reading = Stopwatch()
    /// Running the decoder blocks, but for the RMSNorms whose results enter a Gram matrix: those are the layers' own.
    var forward = Stopwatch()
    /// What targets take besides the layers' own: the stream through the original model, and how far inputs have moved from
    /// it.
    var targets = Stopwatch()
    /// Putting quantized weights in the place of the original ones.
    var replacing = Stopwatch()
    /// Writing tensors that belong to no layer.
    var writing = Stopwatch()

    /// The same as reports have it.
    var parts: QuantizationReport.Parts {
        var parts = QuantizationReport.Parts()
        parts.reading = reading.seconds
        parts.forward = forward.seconds
        parts.correction = targets.seconds
        parts.replacing = replacing.seconds
        parts.writing = writing.seconds
        return parts
    }
}
