import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import Foundation

extension CompressedTensors {
    package func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor] {
        // No tensor of a packed layer is longer than the weight in any direction.
        PackedTensor.allCases.map { PlannedTensor($0.name(in: module), type.elementType, shape) }
    }

    package func write(_ layer: FinishedLayer, to container: any TensorContainer) throws {
        let quantized = layer.quantized
        func write<Element: BitwiseCopyable>(
            _ tensor: PackedTensor, _ elementType: TensorElementType, _ shape: [Int], _ elements: [Element]
        ) throws {
            try container.write(
                PlannedTensor(tensor.name(in: layer.module), elementType, shape), insteadOf: layer.weightName, elements)
        }
        let codes = PackedRows(packing: quantized.codes, bits: quantized.bits)
        try write(.codes, .signed32, [quantized.rows, codes.wordsPerRow], codes.words)
        let shape = [quantized.scales.rows, quantized.scales.columns]
        try write(.scales, layer.type.elementType, shape, try layer.storedScales())
        switch strategy {
        case .blocks:
            let half = 1 << (quantized.bits - 1)
            let zeroPoints = quantized.zeroPoints.rowMajorElements.map { Int8(truncatingIfNeeded: Int($0) - half) }
            try write(.zeroPoints, .signed8, shape, zeroPoints)
        case .groups(let groups) where groups.isSymmetric: break
        case .groups:
            let zeroPoints = PackedZeroPoints(packing: quantized.zeroPoints, bits: quantized.bits)
            try write(.zeroPoints, .signed32, [zeroPoints.wordRows, zeroPoints.columns], zeroPoints.words)
        }
        try write(.shape, .signed64, [2], [Int64(quantized.rows), Int64(quantized.columns)])
    }

    package func loss(of layer: FinishedLayer) -> String? {
        do throws(FormatError) {
            _ = try layer.storedScales()
            return nil
        } catch {
            return "its scales are no numbers of \(layer.type.elementType.rawValue), in which the model is loaded"
        }
    }

    package func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return [("quantization_config", try encoder.encode(CompressedTensorsConfiguration(layers, strategy)))]
    }
}
