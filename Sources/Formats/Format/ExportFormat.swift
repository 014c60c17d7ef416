import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation

/// What a quantized model is written as. Both carry the same values.
package enum ExportFormat: String, Sendable, CaseIterable, Codable {
    /// The model as it was, with the quantized layers' weights rounded to their grids.
    case dequantized
    /// Codes packed to their bits; compressed-tensors, format pack-quantized.
    case compressedTensors = "compressed-tensors"

    /// What a layer takes in it whose weight is stored as `type`.
    package func size(of layout: GroupLayout, bits: Int, type: StoredFloat) -> StoredSize {
        self == .compressedTensors && !layout.hasTail
            ? StoredSize(packed: layout, bits: bits, scaleType: type)
            : StoredSize(dense: type, rows: layout.rows, columns: layout.columns)
    }

    func makeLayers(_ model: Checkpoint) -> any LayerFormat {
        switch self {
        case .dequantized: DequantizedLayers()
        case .compressedTensors: CompressedTensorsLayers(naming: model.naming)
        }
    }
}

/// How a format stores layers and what it says of them in config.json.
protocol LayerFormat {
    /// The tensors that a layer may become, none smaller than it will be: room in the header is kept for all of them.
    func planned(for layer: LinearLayer, type: StoredFloat, shape: [Int]) -> [ShardSet.PlannedTensor]

    /// Writes a layer whose weight is loaded as `type`.
    /// - Parameter weight: what the codes stand for, where the caller has it.
    mutating func write(
        _ layer: LinearLayer, _ quantized: QuantizedMatrix, dequantized weight: Matrix<Float>?, _ type: StoredFloat,
        to shards: ShardSet
    ) throws -> StoredLayer

    /// What config.json says of the layers, JSON by its key, given all linear layers of the model's blocks in order.
    func configuration(of layers: [LinearLayer]) throws -> [(key: String, value: Data)]
}

/// What became of a layer.
package struct StoredLayer: Sendable, Equatable {
    package let layer: LinearLayer
    /// Bytes in the file.
    package let size: StoredSize
    /// Why the layer was stored dense, with the same values, where the format would pack it; nil otherwise.
    package let denseBecause: String?

    /// Bits of file per weight, overheads included.
    package var bitsPerWeight: Double { size.bitsPerWeight }
}
