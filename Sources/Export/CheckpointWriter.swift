import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import Foundation

/// Writes a quantized model layer by layer, sharded as the input was. What it holds in memory does not grow with the
/// model's depth: layers go to their files as they come, every other tensor is copied byte by byte.
package final class CheckpointWriter {
    private let model: Checkpoint
    private let directory: URL
    private let files: CarriedFiles
    private let shards: ShardSet
    private var format: any LayerFormat
    private let layers: [LinearLayer]
    private var written: Set<LinearLayer> = []

    /// What a user should know of the files that were copied, and of those that were not; a sentence each.
    package var notices: [String] { files.notices }

    /// Copies the model's other files and begins the weights'.
    /// - Parameters:
    ///   - model: the checkpoint that is quantized; dense.
    ///   - directory: an empty directory.
    package init(_ model: Checkpoint, format: ExportFormat, to directory: URL) throws {
        guard model.packing == nil else { throw ExportError.alreadyPacked(directory: model.directory.path) }
        self.model = model
        self.directory = directory
        let layers = model.configuration.layers
        let layerOfWeight = Dictionary(uniqueKeysWithValues: layers.map { (model.naming.stored($0.weightName), $0) })
        let format = format.makeLayers(model)
        self.layers = layers
        self.format = format
        // What is read now cannot fail after hours of work. The configuration is written for no packed layers, so that
        // one that cannot be written is refused here; finish() writes it for those that are.
        files = try CarriedFiles(model)
        try files.copy(into: directory)
        try Self.writeConfig(files, model, try format.configuration(of: layers), into: directory)
        shards = try ShardSet(model, directory) { tensor in
            let dense: [ShardSet.PlannedTensor] = [(tensor.name, tensor.elementType, tensor.shape)]
            guard let layer = layerOfWeight[tensor.name] else { return dense }
            let planned = format.planned(for: layer, type: model.loadedType, shape: tensor.shape)
            return dense
                + planned.filter { model.naming.stored($0.name) != tensor.name || $0.elementType != tensor.elementType }
        }
    }

    /// Writes a finished layer.
    /// - Parameter weight: what the codes stand for, [out, in], rounded to the type that the weight is loaded in or not
    ///   yet; nil where the caller has no need of it, and it is computed if the format has.
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
        return try format.write(layer, quantized, dequantized: weight, model.loadedType, to: shards)
    }

    /// Copies every other tensor of the model, completes config.json and closes the files. The writer takes nothing
    /// more.
    /// - Returns: what is wrong with tensors that were copied, a sentence each.
    @discardableResult
    package func finish() throws -> [String] {
        try shards.finish()
        try Self.writeConfig(files, model, try format.configuration(of: layers), into: directory)
        return shards.notices
    }

    /// Writes config.json with what the format says of the layers, and the type that all is loaded in where that would
    /// be found by the order of tensors, which is another one here.
    private static func writeConfig(
        _ files: CarriedFiles, _ model: Checkpoint, _ members: [(key: String, value: Data)], into directory: URL
    ) throws {
        // The older name of dtype, which all loaders know.
        let type = model.typeToState.map { (key: "torch_dtype", value: Data("\"\($0.name)\"".utf8)) }
        try files.copyConfig(into: directory, setting: members + [type].compactMap { $0 })
    }
}
