import AdaDimJSON
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import Foundation

/// A format that packs layers: what it can hold, and how a layer is written.
package protocol PackedFormat: Sendable {
    /// Which schemes it can hold.
    var limits: SchemeLimits { get }

    /// The type of the scales of layers that it packs; nil for the type that the model's weights are loaded in.
    /// - Parameter type: which that is.
    func scaleType(isSymmetric: Bool, loaded type: ScaleType) -> ScaleType?

    /// What readers compute with in place of a packed weight; nil for its values rounded to the type that the model's weights
    /// are loaded in.
    var computedType: StoredFloat? { get }

    /// The format as it is written for one model. What is a matter of the whole model is decided here, before the run; a
    /// model that is written has gone through this.
    /// - Parameter layers: all linear layers, with all that they may become.
    func prepared(for layers: [PlannedLayer]) -> any PackedFormat

    /// What a user should know of this format before the run, once it is prepared; a sentence each.
    var notices: [String] { get }

    /// Why a layer's numbers would change in the format, though it can hold their scheme; nil where they stay as they are.
    func loss(of layer: FinishedLayer) -> String?

    /// What a packed layer takes; the least where that depends on its numbers.
    func size(of scheme: LayerScheme) -> StoredSize

    /// What a layer that it packs takes.
    func size(of layer: FinishedLayer) -> StoredSize

    /// The tensors that a layer [out, in] may become, none smaller than it will be: room in the header is kept for them.
    /// - Parameter type: what the weight is loaded in.
    func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor]

    /// Writes a layer that it packs.
    func write(_ layer: FinishedLayer, to container: any TensorContainer) throws

    /// What config.json says of the layers, JSON by its key.
    /// - Parameter layers: all linear layers: the output projection, then those of the blocks in order; after them the table
    ///   of embeddings if it is packed.
    func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)]

    /// Whether its tensors do not tell the type that weights are loaded in, so that config.json has to.
    var needsStatedType: Bool { get }

    /// Members that readers of the format need of the model's own configuration and that it lacks, JSON by their keys.
    /// - Parameter config: config.json.
    func completion(of config: JSONKeys<FormatError>) throws(FormatError) -> [(key: String, value: Data)]

    /// All members of config.json that ``configuration(of:)`` may set: a model in another format has none of them.
    var configurationKeys: [String] { get }

    /// Files that readers of the format need beside the weights and config.json.
    /// - Parameter layers: as of ``configuration(of:)``.
    func files(for layers: [ConfiguredLayer]) -> [FormatFile]

    /// The names of all files that ``files(for:)`` may give.
    var fileNames: [String] { get }
}

// What formats have that nothing else is said of.
extension PackedFormat {
    package func scaleType(isSymmetric: Bool, loaded type: ScaleType) -> ScaleType? { nil }
    package var computedType: StoredFloat? { nil }
    package func prepared(for layers: [PlannedLayer]) -> any PackedFormat { self }
    package var notices: [String] { [] }
    package func loss(of layer: FinishedLayer) -> String? { nil }

    package func size(of layer: FinishedLayer) -> StoredSize {
        let loaded = layer.type.scaleType
        let type = scaleType(isSymmetric: false, loaded: loaded) ?? loaded
        return size(of: LayerScheme(of: layer.quantized, scaleType: type))
    }

    package var needsStatedType: Bool { false }
    package func completion(of config: JSONKeys<FormatError>) throws(FormatError) -> [(key: String, value: Data)] { [] }
    package var configurationKeys: [String] { [] }
    package func files(for layers: [ConfiguredLayer]) -> [FormatFile] { [] }
    package var fileNames: [String] { [] }
}

/// A file that a format puts beside the weights.
package struct FormatFile: Sendable, Equatable {
    /// In the output directory.
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// A format whose checkpoints are read, too.
package protocol ReadablePackedFormat: PackedFormat {
    /// The key of config.json with the object that describes a checkpoint of it; several formats may share it.
    var configurationKey: String { get }

    /// What `quant_method` in that object says; nil where it has none. Several formats may share it.
    var quantMethod: String? { get }

    /// Which checkpoints of it can be read, for an error.
    var readable: String { get }

    /// Why such an object with its ``quantMethod`` is of another format, for an error; nil where it is of this one.
    func mismatch(_ config: JSONKeys<FormatError>) throws(FormatError) -> String?

    /// The packed layers of a checkpoint, by this project's names of their modules.
    /// - Parameters:
    ///   - config: the object of its ``configurationKey``.
    ///   - model: all of config.json.
    ///   - moduleName: this project's name of a module by any files' name of it; nil for other modules.
    func layers(
        in config: JSONKeys<FormatError>, of model: JSONKeys<FormatError>, _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer]
}

extension ReadablePackedFormat {
    package var configurationKey: String { "quantization_config" }
    package var quantMethod: String? { nil }

    /// The error for a checkpoint of the format that is not as it is read.
    package func unreadable(_ file: String, _ reason: String) -> FormatError {
        .unreadableScheme(file: file, key: configurationKey, reason: reason, readable: readable)
    }
}

/// What config.json is to say of a layer.
package struct ConfiguredLayer: Sendable {
    /// The module's name in the files, and this project's where that is another.
    package let names: [String]
    package let place: LayerPlace
    /// nil for a layer that is not packed.
    package let scheme: LayerScheme?

    package init(names: [String], place: LayerPlace = .block, scheme: LayerScheme?) {
        self.names = names
        self.place = place
        self.scheme = scheme
    }
}
