import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization
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
        let layers = LinearLayer.all(blocks: model.configuration.blockCount)
        let layerOfWeight = Dictionary(uniqueKeysWithValues: layers.map { ($0.weightName, $0) })
        let format = format.makeLayers()
        self.layers = layers
        self.format = format
        // What is read now cannot fail after hours of work. The configuration is written for no packed layers, so that
        // one that cannot be written is refused here; finish() writes it for those that are.
        files = try CarriedFiles(model)
        try files.copy(into: directory)
        try format.writeConfig(of: files, layers: layers, into: directory)
        shards = try ShardSet(model, directory) { tensor in
            let dense: [ShardSet.PlannedTensor] = [(tensor.name, tensor.elementType, tensor.shape)]
            guard let layer = layerOfWeight[tensor.name], let type = StoredFloat(tensor.elementType) else {
                return dense
            }
            return dense + format.planned(for: layer, type: type, shape: tensor.shape)
        }
    }

    /// Writes a finished layer.
    /// - Parameter weight: what the codes stand for, [out, in], rounded to the type that the model stores the weight in
    ///   or not yet; nil where the caller has no need of it, and it is computed if the format has.
    @discardableResult
    package func write(
        _ layer: LinearLayer, _ quantized: QuantizedMatrix, dequantized weight: Matrix<Float>? = nil
    ) throws -> StoredLayer {
        let entry = try model.location(of: layer.weightName).entry
        guard let type = StoredFloat(entry.elementType) else {
            throw ExportError.unsupportedElementType(module: layer.moduleName, found: entry.elementType.rawValue)
        }
        guard entry.shape == [quantized.rows, quantized.columns] else {
            throw ExportError.wrongShape(
                module: layer.moduleName, found: [quantized.rows, quantized.columns], expected: entry.shape)
        }
        guard written.insert(layer).inserted else { throw ExportError.layerTwice(module: layer.moduleName) }
        return try format.write(layer, quantized, dequantized: weight, type, to: shards)
    }

    /// Copies every other tensor of the model, completes config.json and closes the files. The writer takes nothing
    /// more.
    /// - Returns: what is wrong with tensors that were copied, a sentence each.
    @discardableResult
    package func finish() throws -> [String] {
        try shards.finish()
        try format.writeConfig(of: files, layers: layers, into: directory)
        return shards.notices
    }
}
