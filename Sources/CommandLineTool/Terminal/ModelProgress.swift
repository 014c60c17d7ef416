import AdaDimEvaluation
import AdaDimPipeline

/// Shows the progress of a quantization on a terminal.
func layerProgress(on terminal: Terminal, prefix: String = "") -> @Sendable (QuantizationProgress) -> Void {
    let start = ContinuousClock.now
    return { event in
        switch event {
        case .began(let layers, let blocks, let tokens):
            terminal.progress(
                prefix + "\(layers) layers in \(blocks) blocks, \(tokens) calibration tokens",
                plain: prefix + "\(layers) layers in \(blocks) blocks, \(tokens) calibration tokens")
        case .finished(let layer, let done, let layers):
            let elapsed = start.duration(to: .now) / .seconds(1)
            let text = ProgressText(done: done, layers: layers, layer: layer, elapsed: elapsed)
            terminal.progress(prefix + text.bar, plain: prefix + text.plain)
        }
    }
}

/// Shows the progress of an evaluation, and stops it when the observer cancels it.
func evaluationProgress(
    on terminal: Terminal, _ observer: RunObserver, prefix: String = ""
) -> (EvaluationProgress) throws -> Void {
    { step in
        if observer.isCancelled() { throw PipelineError.cancelled }
        let round = step.rounds > 1 ? "round \(step.round + 1)/\(step.rounds), " : ""
        terminal.progress("\(prefix)evaluating: \(round)block \(step.block)/\(step.blocks)", plain: nil)
    }
}
