import AdaDimJSON
import AdaDimLinearAlgebra
import Foundation

/// A format that packs layers: what it can hold, and how a layer is written.
package protocol PackedFormat: Sendable {
    /// Which schemes it can hold.
    var limits: SchemeLimits { get }

    /// What a packed layer takes.
    func size(of scheme: LayerScheme) -> StoredSize

    /// The tensors that a layer [out, in] may become, none smaller than it will be: room in the header is kept for them.
    /// - Parameter type: what the weight is loaded in.
    func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor]

    /// Writes a layer that it packs.
    func write(_ layer: FinishedLayer, to container: any TensorContainer) throws

    /// What config.json says of the layers, JSON by its key.
    /// - Parameter layers: all linear layers: the output projection, then those of the blocks in order.
    func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)]
}

/// A format whose checkpoints are read, too.
package protocol ReadablePackedFormat: PackedFormat {
    /// What `quant_method` in config.json says; several formats may share it.
    var quantMethod: String { get }

    /// Which checkpoints of it can be read, for an error.
    var readable: String { get }

    /// Why a `quantization_config` with its ``quantMethod`` is of another format, for an error; nil where it is of this one.
    func mismatch(_ config: JSONKeys<FormatError>) throws(FormatError) -> String?

    /// The packed layers of a checkpoint, by this project's names of their modules.
    /// - Parameters:
    ///   - config: the `quantization_config` of config.json.
    ///   - moduleName: this project's name of a module by any files' name of it; nil for other modules.
    func layers(
        in config: JSONKeys<FormatError>, _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer]
}

extension ReadablePackedFormat {
    /// The error for a checkpoint of the format that is not as it is read.
    package func unreadable(_ file: String, _ reason: String) -> FormatError {
        .unreadableScheme(file: file, reason: reason, readable: readable)
    }
}

/// What config.json is to say of a layer.
package struct ConfiguredLayer: Sendable {
    /// The module's name in the files, and this project's where that is another.
    package let names: [String]
    /// nil for a layer that is not packed.
    package let scheme: LayerScheme?

    package init(names: [String], scheme: LayerScheme?) {
        self.names = names
        self.scheme = scheme
    }
}
