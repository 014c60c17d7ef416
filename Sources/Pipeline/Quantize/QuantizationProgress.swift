import AdaDimReports

/// The progress of a run.
package enum QuantizationProgress: Sendable {
    /// The model is open and the samples are drawn.
    case began(layers: Int, blocks: Int, tokens: Int)
    /// A layer is done and written.
    case finished(QuantizationReport.Layer, done: Int, layers: Int)
}

/// The connection of a run to its caller.
package struct RunObserver: Sendable {
    /// Called in order, from the thread of the run.
    package var progress: @Sendable (QuantizationProgress) -> Void = { _ in }
    /// Asked between layers and batches; true ends the run with ``PipelineError/cancelled``.
    package var isCancelled: @Sendable () -> Bool = { false }

    package init() {}

    func checkCancellation() throws(PipelineError) {
        if isCancelled() { throw .cancelled }
    }
}
