import AdaDimCheckpoint
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import Foundation

/// Writes a quantized model layer by layer, in the container of its format. What it holds in memory does not grow with
/// the model's depth: layers go to their files as they come, every other tensor is copied byte by byte.
package final class CheckpointWriter {
    private let model: Checkpoint
    private let directory: URL
    private let files: CarriedFiles
    private let container: any TensorContainer
    private let format: ExportFormat
    private let layers: [LinearLayer]
    private var written: Set<LinearLayer> = []
    /// Of the layers that were packed.
    private var schemes: [LinearLayer: LayerScheme] = [:]

    /// What a user should know of the files that were copied, and of those that were not; a sentence each.
    package var notices: [String] { files.notices }

    /// Copies the model's other files and begins the weights'.
    /// - Parameters:
    ///   - model: the checkpoint that is quantized; dense.
    ///   - directory: an empty directory.
    package init(_ model: Checkpoint, format: ExportFormat, to directory: URL) throws {
        guard model.packedLayers == nil else { throw ExportError.alreadyPacked(directory: model.directory.path) }
        self.model = model
        self.directory = directory
        self.format = format
        let layers = model.configuration.layers
        self.layers = layers
        // What is read now cannot fail after hours of work. The configuration is written for no packed layers, so that
        // one that cannot be written is refused here; finish() writes it for those that are.
        files = try CarriedFiles(model)
        try files.copy(into: directory)
        try Self.writeConfig(files, model, try Self.configuration(of: layers, [:], model, format), into: directory)
        let layerOfWeight = Dictionary(uniqueKeysWithValues: layers.map { (model.naming.stored($0.weightName), $0) })
        container = try format.container.make(model, directory) { tensor in
            let dense = PlannedTensor(tensor.name, tensor.elementType, tensor.shape)
            guard let layer = layerOfWeight[tensor.name] else { return [dense] }
            let type = model.loadedType
            let planned =
                format.packing?.planned(for: layer.moduleName, shape: tensor.shape, type: type)
                ?? [PlannedTensor(layer.weightName, type.elementType, tensor.shape)]
            return [dense]
                + planned.filter { model.naming.stored($0.name) != tensor.name || $0.type != dense.type }
        }
    }

    /// Writes a finished layer.
    /// - Parameter weight: the dequantized weight [out, in], rounded to the weight's loaded type or not yet; nil if the
    ///   caller does not have it: it is then computed if the format needs it.
    @discardableResult
    package func write(
        _ layer: LinearLayer, _ quantized: QuantizedMatrix, dequantized weight: Matrix<Float>? = nil
    ) throws -> StoredLayer {
        let entry = try model.location(of: layer.weightName).entry
        guard StoredFloat(entry.elementType) != nil else {
            throw ExportError.unsupportedElementType(module: layer.moduleName, found: entry.elementType.rawValue)
        }
        guard entry.shape == [quantized.rows, quantized.columns] else {
            throw ExportError.wrongShape(
                module: layer.moduleName, found: [quantized.rows, quantized.columns], expected: entry.shape)
        }
        guard written.insert(layer).inserted else { throw ExportError.layerTwice(module: layer.moduleName) }
        let type = model.loadedType
        let scheme = LayerScheme(of: quantized, scaleType: type.scaleType)
        let storage = format.storage(of: scheme)
        switch (storage, format.packing) {
        case (.refused(let reason), _):
            throw FormatError.cannotHold(module: layer.moduleName, format: format.name, reason: reason)
        case (.packed, let packing?):
            try packing.write(
                FinishedLayer(
                    module: layer.moduleName, weightName: layer.weightName, quantized: quantized, type: type),
                to: container)
            schemes[layer] = scheme
        case (.packed, nil), (.dense, _):
            try writeDense(layer, weight ?? quantized.dequantized(), type)
        }
        return StoredLayer(
            layer: layer, size: format.size(of: scheme, type: type), denseBecause: storage.denseBecause)
    }

    /// Copies every other tensor of the model, completes config.json and closes the files. The writer takes nothing
    /// more.
    /// - Returns: what is wrong with tensors that were copied, a sentence each.
    @discardableResult
    package func finish() throws -> [String] {
        try container.finish()
        try Self.writeConfig(files, model, try Self.configuration(of: layers, schemes, model, format), into: directory)
        return container.notices
    }

    /// Writes a quantized layer's weight [out, in] as plain numbers, under its own name.
    private func writeDense(_ layer: LinearLayer, _ weight: Matrix<Float>, _ type: StoredFloat) throws {
        let tensor = PlannedTensor(layer.weightName, type.elementType, [weight.rows, weight.columns])
        try container.write(tensor, insteadOf: layer.weightName) { bytes in
            guard try DenseLayer(weight: weight, type: type).append(to: bytes) else {
                throw ExportError.overflow(module: layer.moduleName, elementType: type.elementType.rawValue)
            }
        }
    }

    /// What config.json is to say of the layers.
    /// - Parameter schemes: of those that are packed.
    private static func configuration(
        of layers: [LinearLayer], _ schemes: [LinearLayer: LayerScheme], _ model: Checkpoint, _ format: ExportFormat
    ) throws -> [(key: String, value: Data)] {
        let configured = layers.map { layer in
            let stored = model.naming.stored(layer.moduleName)
            return ConfiguredLayer(
                names: (stored == layer.moduleName ? [] : [stored]) + [layer.moduleName], scheme: schemes[layer])
        }
        let head = ConfiguredLayer(names: [model.configuration.architecture.names.head], scheme: nil)
        return try format.packing?.configuration(of: [head] + configured) ?? []
    }

    /// Writes config.json with the format's description of the layers, and with the loaded type where transformers
    /// would otherwise take it from the order of tensors, which differs here.
    private static func writeConfig(
        _ files: CarriedFiles, _ model: Checkpoint, _ members: [(key: String, value: Data)], into directory: URL
    ) throws {
        // The older name of dtype, which all loaders know.
        let type = model.typeToState.map { (key: "torch_dtype", value: Data("\"\($0.name)\"".utf8)) }
        try files.copyConfig(into: directory, setting: members + [type].compactMap { $0 })
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
