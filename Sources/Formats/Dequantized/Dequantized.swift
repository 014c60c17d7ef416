import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation

/// Quantized layers as the values that their codes stand for, in the type that the weight is loaded in and under its own name.
struct DequantizedLayers: LayerFormat {
    func planned(for layer: LinearLayer, type: StoredFloat, shape: [Int]) -> [ShardSet.PlannedTensor] {
        [(layer.weightName, type.elementType, shape)]
    }

    func write(
        _ layer: LinearLayer, _ quantized: QuantizedMatrix, dequantized weight: Matrix<Float>?, _ type: StoredFloat,
        to shards: ShardSet
    ) throws -> StoredLayer {
        try shards.writeDense(layer, weight ?? quantized.dequantized(), type)
        return StoredLayer(
            layer: layer, size: StoredSize(dense: type, rows: quantized.rows, columns: quantized.columns),
            denseBecause: nil)
    }

    func configuration(of layers: [LinearLayer]) -> [(key: String, value: Data)] { [] }
}

extension ShardSet {
    /// Writes a quantized layer's weight [out, in] as plain numbers, under its own name.
    func writeDense(_ layer: LinearLayer, _ weight: Matrix<Float>, _ type: StoredFloat) throws {
        let name = layer.weightName
        try write(name, type.elementType, [weight.rows, weight.columns], insteadOf: name) { writer in
            guard try DenseLayer(weight: weight, type: type).append(to: writer) else {
                throw ExportError.overflow(module: layer.moduleName, elementType: type.elementType.rawValue)
            }
        }
    }
}
