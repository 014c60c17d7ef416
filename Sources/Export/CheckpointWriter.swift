import AdaDimCheckpoint
import AdaDimFiles
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import Foundation

/// Writes a quantized model layer by layer, in the container of its format. What it holds in memory does not grow with
/// the model's depth: layers go to their files as they come, every other tensor is copied byte by byte.
///
/// The model may be packed itself. Each of its packed layers must then be written: none is copied.
package final class CheckpointWriter {
    private let model: Checkpoint
    private let directory: URL
    private let files: CarriedFiles
    private let container: any TensorContainer
    private let format: ExportFormat
    private let layers: [LinearLayer]
    private var written: Set<LinearLayer> = []
    /// The members of config.json that describe the layers of the model as it is.
    private let outdated: [String]
    /// Of the layers that were packed.
    private var schemes: [LinearLayer: LayerScheme] = [:]

    /// What a user should know of the files that were copied, and of those that were not, and of the weights' files before they
    /// are written; a sentence each.
    package var notices: [String] { files.notices + container.remarks }

    /// Copies the model's other files and begins the weights'.
    /// - Parameters:
    ///   - model: the checkpoint that is quantized, or whose layers are packed in another way.
    ///   - format: prepared for the model's layers.
    ///   - tables: the layers of no block that will be written, too.
    ///   - directory: an empty directory.
    package init(
        _ model: Checkpoint, format: ExportFormat, tables: [LinearLayer] = [], to directory: URL
    ) throws {
        self.model = model
        outdated =
            model.packedLayers == nil
            ? [] : Array(Set(ExportFormat.allCases.flatMap { $0.packing?.configurationKeys ?? [] })).sorted()
        self.directory = directory
        self.format = format
        let layers = model.configuration.layers
        self.layers = layers
        // What is read now cannot fail after hours of work. The configuration is written for no packed layers, so that
        // one that cannot be written is refused here; finish() writes it for those that are.
        files = try CarriedFiles(model, writing: format)
        try files.copy(into: directory)
        let members = try format.packing?.configuration(of: Self.configured(layers, [:], model)) ?? []
        // Keys that only some layers need must be free, too.
        let others = (format.packing?.configurationKeys ?? []).filter { key in !members.contains { $0.key == key } }
        try Self.writeConfig(
            files, model, format, members + others.map { (key: $0, value: Data("null".utf8)) }, replacing: outdated,
            into: directory)
        let planned = try Self.planned(layers + tables, of: model, format)
        container = try format.container.make(model, directory) { tensor in
            let dense = PlannedTensor(tensor.name, tensor.elementType, tensor.shape)
            guard let planned = planned[tensor.name] else { return [dense] }
            return [dense]
                + planned.filter { model.naming.stored($0.name) != tensor.name || $0.type != dense.type }
        }
    }

    /// What the layers may become, by the first of the tensors, by their names in the files, that hold each now.
    private static func planned(
        _ layers: [LinearLayer], of model: Checkpoint, _ format: ExportFormat
    ) throws -> [String: [PlannedTensor]] {
        let type = model.loadedType
        var planned: [String: [PlannedTensor]] = [:]
        for layer in layers {
            let name = model.weightName(of: layer)
            let tensors = model.tensors(holding: name)
            guard let first = tensors.first, tensors.allSatisfy(model.contains) else { continue }
            let shape = try model.shape(ofWeight: name)
            let dense = PlannedTensor(name, type.elementType, shape)
            let packed = format.packing?.planned(for: layer.moduleName, shape: shape, type: type)
            let isPacked = model.packedLayers?[layer.moduleName] != nil
            planned[model.naming.stored(first)] = (packed ?? []) + (packed == nil || isPacked ? [dense] : [])
        }
        return planned
    }

    /// Writes a finished layer.
    /// - Parameter weight: the dequantized weight [out, in], rounded to the weight's loaded type or not yet; nil if the
    ///   caller does not have it: it is then computed if the format needs it.
    /// - Parameter reason: why the layer is to be written as plain numbers, whatever the format does; nil to leave it to the
    ///   format.
    @discardableResult
    package func write(
        _ layer: LinearLayer, _ quantized: QuantizedMatrix, dequantized weight: Matrix<Float>? = nil,
        asPlainNumbersBecause reason: String? = nil
    ) throws -> StoredLayer {
        let weightName = model.weightName(of: layer)
        if model.packedLayers?[layer.moduleName] == nil {
            let entry = try model.location(of: weightName).entry
            guard StoredFloat(entry.elementType) != nil else {
                throw ExportError.unsupportedElementType(module: layer.moduleName, found: entry.elementType.rawValue)
            }
        }
        let shape = try model.shape(ofWeight: weightName)
        guard shape == [quantized.rows, quantized.columns] else {
            throw ExportError.wrongShape(
                module: layer.moduleName, found: [quantized.rows, quantized.columns], expected: shape)
        }
        guard written.insert(layer).inserted else { throw ExportError.layerTwice(module: layer.moduleName) }
        let type = model.loadedType
        let scheme = LayerScheme(of: quantized, scaleType: format.scaleType(isSymmetric: false, loaded: type))
        let storage = reason.map { .dense(because: $0) } ?? format.storage(of: scheme)
        let finished = FinishedLayer(
            module: layer.moduleName, place: layer.place, weightName: weightName, quantized: quantized, type: type)
        switch (storage, format.packing) {
        case (.refused(let reason), _):
            throw FormatError.cannotHold(module: layer.moduleName, format: format.name, reason: reason)
        case (.packed, let packing?):
            try packing.write(finished, to: container)
            schemes[layer] = scheme
        case (.packed, nil), (.dense, _):
            try writeDense(layer, weight ?? quantized.dequantized(), type)
        }
        let dense = StoredSize(dense: type, rows: quantized.rows, columns: quantized.columns)
        return StoredLayer(
            layer: layer, size: reason == nil ? format.size(of: finished) : dense, denseBecause: storage.denseBecause)
    }

    /// Copies every other tensor of the model, completes config.json and closes the files. The writer takes nothing
    /// more.
    /// - Returns: what is wrong with tensors that were copied, a sentence each.
    @discardableResult
    package func finish() throws -> [String] {
        if let missing = (layers + model.packedTables).first(where: {
            model.packedLayers?[$0.moduleName] != nil && !written.contains($0)
        }) {
            throw ExportError.layerMissing(module: missing.moduleName)
        }
        try container.finish()
        let configured = Self.configured(layers, schemes, model)
        try Self.writeConfig(
            files, model, format, try format.packing?.configuration(of: configured) ?? [], replacing: outdated,
            into: directory)
        for file in format.packing?.files(for: configured) ?? [] {
            try ExportError.wrapping { () throws(FileFailure) in
                try writeFile(file.bytes, to: directory.path + "/" + file.name)
            }
        }
        return container.notices
    }

    /// Writes a quantized layer's weight [out, in] as plain numbers, under its own name.
    private func writeDense(_ layer: LinearLayer, _ weight: Matrix<Float>, _ type: StoredFloat) throws {
        let name = model.weightName(of: layer)
        let tensor = PlannedTensor(name, type.elementType, [weight.rows, weight.columns])
        try container.write(tensor, insteadOf: name) { bytes in
            guard try DenseLayer(weight: weight, type: type).append(to: bytes) else {
                throw ExportError.overflow(module: layer.moduleName, elementType: type.elementType.rawValue)
            }
        }
    }

    /// What config.json is to say of the layers: the output projection, those of the blocks, and the table of embeddings where
    /// it is packed.
    /// - Parameter schemes: of those that are packed.
    private static func configured(
        _ layers: [LinearLayer], _ schemes: [LinearLayer: LayerScheme], _ model: Checkpoint
    ) -> [ConfiguredLayer] {
        let configuration = model.configuration
        let head = LinearLayer(.head, configuration.architecture.names)
        let configured = layers.map { layer in
            let stored = model.naming.stored(layer.moduleName)
            return ConfiguredLayer(
                names: (stored == layer.moduleName ? [] : [stored]) + [layer.moduleName], scheme: schemes[layer])
        }
        let table = configuration.embedding
        let embedding = schemes[table].map {
            ConfiguredLayer(names: [table.moduleName], place: table.place, scheme: $0)
        }
        return [ConfiguredLayer(names: [head.moduleName], place: .head, scheme: schemes[head])] + configured
            + [embedding].compactMap { $0 }
    }

    /// Writes config.json with the format's description of the layers, and with the loaded type where transformers
    /// would otherwise take it from the order of tensors, which differs here.
    private static func writeConfig(
        _ files: CarriedFiles, _ model: Checkpoint, _ format: ExportFormat, _ members: [(key: String, value: Data)],
        replacing outdated: [String], into directory: URL
    ) throws {
        let isStated = model.configuration.elementType != nil
        let loaded = format.packing?.needsStatedType == true && !isStated ? model.loadedType.elementType : nil
        // The older name of dtype, which all loaders know.
        let type = (model.typeToState ?? loaded).map { (key: "torch_dtype", value: Data("\"\($0.name)\"".utf8)) }
        try files.copyConfig(into: directory, removing: outdated, setting: members + [type].compactMap { $0 })
    }
}

/// How a layer was written.
package struct StoredLayer: Sendable, Equatable {
    package let layer: LinearLayer
    /// Bytes in the file.
    package let size: StoredSize
    /// Why the layer was stored dense, with the same values, where the format would pack it; nil otherwise.
    package let denseBecause: String?

    /// Bits of file per weight, overheads included.
    package var bitsPerWeight: Double { size.bitsPerWeight }
}
