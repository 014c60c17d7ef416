import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import Foundation

extension MLX {
    package func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor] {
        // No tensor of a packed layer is longer than the weight in any direction, or than the transposed weight.
        let longest = Array(repeating: shape.max() ?? 0, count: shape.count)
        return MLXTensor.allCases.map {
            PlannedTensor($0.name(in: module), $0 == .codes ? .unsigned32 : .float32, longest)
        }
    }

    package func write(_ layer: FinishedLayer, to container: any TensorContainer) throws {
        let (quantized, types) = (layer.quantized, MLXTypes(holding: layer))
        let isTransposed = quantized.dimension == .perInputChannel
        let codes = PackedRows(
            packing: isTransposed ? quantized.codes.transposed() : quantized.codes, bits: quantized.bits)
        try container.write(
            PlannedTensor(MLXTensor.codes.name(in: layer.module), .unsigned32, [codes.rows, codes.wordsPerRow]),
            insteadOf: layer.weightName, codes.words)
        let scales = isTransposed ? quantized.scales.transposed() : quantized.scales
        let zeros = isTransposed ? quantized.zeroPoints.transposed() : quantized.zeroPoints
        // From zero, so that there is no −0.
        let biases = zip(scales.rowMajorElements, zeros.rowMajorElements).map { 0 - $0 * Float($1) }
        func write(_ tensor: MLXTensor, _ values: [Float], _ type: StoredFloat) throws {
            try container.write(
                PlannedTensor(tensor.name(in: layer.module), type.elementType, [scales.rows, scales.columns]),
                insteadOf: layer.weightName, try layer.stored(values, as: type))
        }
        try write(.scales, scales.rowMajorElements, types.scales)
        try write(.biases, biases, types.biases)
    }

    package func loss(of layer: FinishedLayer) -> String? {
        let bits = layer.quantized.bits
        let isExact = layer.quantized.scales.columnMajorElements.allSatisfy { scale in
            scale == 0 || scale.isNormal && scale.significandWidth + 1 + bits <= ScaleType.float32.precision
        }
        return isExact ? nil : "products of its scales and codes have more significant bits than F32"
    }

    package func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)] {
        try MLXConfiguration(layers).members
    }

    package func files(for layers: [ConfiguredLayer]) -> [FormatFile] {
        guard MLXConfiguration(layers).hasModule else { return [] }
        return [FormatFile(name: Self.moduleName, bytes: PackageResources.adadim_model_py)]
    }
}
