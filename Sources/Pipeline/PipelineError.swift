/// What stops a run, beyond what its parts throw themselves.
package enum PipelineError: Error, CustomStringConvertible {
    /// A part's error, with the layer that it happened in.
    case layer(name: String, underlying: any Error)
    case globMatchesNothing(option: String, glob: String, example: String)
    case nothingToQuantize
    /// Stopped from outside; nothing was left behind.
    case cancelled

    package var description: String {
        switch self {
        case .layer(let name, let underlying): "\(name): \(underlying)"
        case .globMatchesNothing(let option, let glob, let example):
            "\(option) \(glob): no linear layer matches; names are like \(example)"
        case .nothingToQuantize: "--skip leaves no layer to quantize"
        case .cancelled: "stopped before the end; no output was written"
        }
    }
}
