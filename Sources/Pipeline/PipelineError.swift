import AdaDimFormats
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
    /// - Parameter format: the one that needs the type; nil where the model's decides.
    case scaleType(place: String, found: ScaleType, expected: ScaleType, format: String?)
    /// The two options name one table.
    case tiedTable(module: String, embeddings: Int, head: Int)
    case tableDirection(module: String, found: String)
    /// K-quants are chosen by llama.cpp's names of layers.
    case noNamesInGGUF(model: String)
    /// In bytes.
    case notEnoughMemory(needed: Double, available: Double)
    /// In bytes.
    case notEnoughDisk(needed: Int, available: Int, directory: String)
    /// What a user states is against what a runtime demands. `place` is an option, or a file and a setting.
    case demand(runtime: Runtime, place: String, found: String, expected: String)
    /// Layers that a runtime must have alike, and the rules that make them differ.
    case differing(runtime: Runtime, FormatError, rules: [String])
    /// Nothing would be packed.
    case nothingPacked(runtime: Runtime, reason: String)
    /// A model to convert has no codes.
    case notPacked(directory: String)
    /// A layer that a format cannot hold as it is.
    case lossy(module: String, format: String, reason: String)
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
        case .scaleType(let place, let found, let expected, let format):
            "\(place): scaleType is \(found.rawValue), expected \(expected.rawValue), the type that "
                + (format.map { "\($0) stores scales in" } ?? "the model is loaded in")
        case .demand(let runtime, let place, let found, let expected):
            "--for \(runtime.name): \(place) is \(found), but \(runtime.title) demands \(expected)"
        case .differing(let runtime, let error, let rules):
            "--for \(runtime.name): \(error)" + (rules.isEmpty ? "" : "; see \(rules.joined(separator: ", "))")
        case .nothingPacked(let runtime, let reason):
            "--for \(runtime.name): no layer would be packed: \(reason)"
        case .notPacked(let directory):
            "\(directory): no packed layers, expected a directory that 'adadim quantize' or 'adadim convert' wrote in a "
                + "packed format"
        case .lossy(let module, let format, let reason):
            "layer \(module): \(format) cannot hold it as it is: \(reason); --allow-dense writes such layers as plain "
                + "numbers"
        case .tiedTable(let module, let embeddings, let head):
            "\(module): the model ties embeddings and output projection, so one table is both, but embeddings are to have "
                + "\(embeddings) bits and the head \(head); expected one of the two, or the same number"
        case .noNamesInGGUF(let model):
            "--gguf-type: the model_type is \(model), expected one that llama.cpp is known to compute"
        case .tableDirection(let module, let found):
            "\(module): its groups would be \(found), expected per-oc: a row belongs to a token, and readers look up rows"
        case .cancelled: "stopped before the end; no output was written"
        }
    }
}

private func gigabytes(_ bytes: Double) -> String { String(format: "%.3g GB", bytes / 1e9) }
