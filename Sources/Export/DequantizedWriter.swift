import AdaDimCheckpoint
import AdaDimQuantization
import Foundation

/// Writes the model as it was, quantized layers as the values that their codes stand for, in the weight's own type.
final class DequantizedWriter: CheckpointWriter {
    private let model: Checkpoint
    private let directory: URL
    private let shards: ShardSet
    private var ledger: LayerLedger

    init(_ model: Checkpoint, _ directory: URL, _ modules: [String]) throws {
        self.model = model
        self.directory = directory
        ledger = try LayerLedger(model, modules: modules)
        shards = try ShardSet(model, directory) { [($0.name, $0.elementType, $0.shape)] }
    }

    func write(_ layer: QuantizedMatrix, module: String) throws {
        let type = try ledger.take(layer, module)
        try shards.writeDense(layer, module, type)
        ledger.note(module, StoredSize(dense: type, rows: layer.rows, columns: layer.columns))
    }

    func finish() throws -> ExportSummary {
        try ledger.checkComplete()
        try shards.finish()
        try CarriedFiles(model).copy(into: directory)
        try CarriedFiles(model).copyConfig(into: directory)
        return ledger.summary
    }
}

extension ShardSet {
    /// Writes a quantized layer's weight as plain numbers, under its own name.
    func writeDense(_ layer: QuantizedMatrix, _ module: String, _ type: StoredFloat) throws {
        let name = module + ".weight"
        try write(name, type.elementType, [layer.rows, layer.columns], insteadOf: name) { writer in
            guard try DenseLayer(layer: layer, type: type).append(to: writer) else {
                throw ExportError.overflow(module: module, elementType: type.elementType.rawValue)
            }
        }
    }
}
