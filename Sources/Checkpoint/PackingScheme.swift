import AdaDimSafetensors
import Foundation

/// How the layers of a quantized checkpoint are packed, as `quantization_config` has it.
struct PackingScheme: Sendable {
    /// Nil where config.json has no `quantization_config`.
    init?(configJSON: Data, file: String) throws(CheckpointError) {
        guard try JSONKeys(configJSON, file: file).object("quantization_config") != nil else { return nil }
        throw .unsupportedQuantization(file: file, reason: "not read yet")
    }
}

/// The tensors of one packed layer.
struct PackedLayer {
    let module: String
}
