import AdaDimQuantizedMatrices
import Foundation

/// What stops a run, beyond what its parts throw themselves.
package enum PipelineError: Error, CustomStringConvertible {
    /// A part's error, with the layer that it happened in.
    case layer(name: String, underlying: any Error)
    case globMatchesNothing(option: String, glob: String, example: String)
    /// The rules that skip layers, as messages name them.
    case nothingToQuantize(skippedBy: [String])
    /// A recipe states a type for scales that the model's weights are not loaded in.
    case scaleType(place: String, found: ScaleType, expected: ScaleType)
    /// In bytes.
    case notEnoughMemory(needed: Double, available: Double)
    /// In bytes.
    case notEnoughDisk(needed: Int, available: Int, directory: String)
    /// Stopped from outside; no files were left.
    case cancelled

    package var description: String {
        switch self {
        case .layer(let name, let underlying): "\(name): \(underlying)"
        case .globMatchesNothing(let option, let glob, let example):
            "\(option) \(glob): no linear layer matches; names are like \(example)"
        case .notEnoughMemory(let needed, let available):
            "this run needs at least \(gigabytes(needed)) of memory, the machine has \(gigabytes(available)); "
                + "fewer --samples or a shorter --sequence-length need less"
        case .notEnoughDisk(let needed, let available, let directory):
            "the output needs at least \(needed) bytes of disk space (\(gigabytes(Double(needed)))), the file system of "
                + "\(directory) has \(available) left (\(gigabytes(Double(available)))); an output that is replaced "
                + "stays until the end"
        case .nothingToQuantize(let rules):
            "no layer is left to quantize: each is skipped by \(rules.joined(separator: " or "))"
        case .scaleType(let place, let found, let expected):
            "\(place): scaleType is \(found.rawValue), expected \(expected.rawValue), the type that the model is "
                + "loaded in"
        case .cancelled: "stopped before the end; no output was written"
        }
    }
}

private func gigabytes(_ bytes: Double) -> String { String(format: "%.3g GB", bytes / 1e9) }
