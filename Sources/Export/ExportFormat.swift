import AdaDimCheckpoint
import AdaDimQuantization
import Foundation

/// What a quantized model is written as. Both carry the same values.
package enum ExportFormat: String, Sendable, CaseIterable, Codable {
    /// The model as it was, with the quantized layers' weights rounded to their grids.
    case dequantized
    /// Codes packed to their bits; compressed-tensors, format pack-quantized.
    case compressedTensors = "compressed-tensors"

    /// A writer for this format.
    /// - Parameters:
    ///   - model: the checkpoint that was quantized; tensors that were not are copied from it.
    ///   - directory: an empty directory.
    ///   - modules: the layers that will be handed over, in any order.
    package func makeWriter(
        from model: Checkpoint, into directory: URL, modules: [String]
    ) throws -> any CheckpointWriter {
        switch self {
        case .dequantized: try DequantizedWriter(model, directory, modules)
        case .compressedTensors: try CompressedTensorsWriter(model, directory, modules)
        }
    }
}

/// Writes a model layer by layer; what it holds in memory does not grow with the model's depth.
package protocol CheckpointWriter: AnyObject {
    /// Takes a finished layer and writes it.
    func write(_ layer: QuantizedMatrix, module: String) throws
    /// Copies every other tensor and file of the model and closes the files. The writer takes nothing more.
    func finish() throws -> ExportSummary
}

/// What was written.
package struct ExportSummary: Sendable {
    /// Layers that the format cannot hold packed: they are stored dense, with the same values, for the reason given.
    package var dense: [String: String] = [:]
    /// For each layer handed over, the bytes it takes.
    package var sizes: [String: StoredSize] = [:]
    /// All layers handed over, together.
    package var totalSize: StoredSize { sizes.values.reduce(StoredSize(), +) }
}

extension StoredFloat {
    /// The type that scales are stored in beside weights of this type.
    package var scaleType: ScaleType {
        switch self {
        case .bfloat16: .bfloat16
        case .float16: .float16
        case .float32: .float32
        }
    }
}
