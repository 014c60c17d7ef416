import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import Foundation

/// Layers in compressed-tensors, format pack-quantized, with strategy `block`: blocks are [1, g] for per-OC and [g, 1]
/// for per-IC. A layer whose last group is shorter than the others has no such blocks and stays dense.
///
/// | tensor of layer L | type, shape | content |
/// |---|---|---|
/// | L.weight_packed | I32 [out, ⌈in·b/32⌉] | codes, a dense bit stream a row |
/// | L.weight_scale | the type that the weight is loaded in, the scales' shape | scale |
/// | L.weight_zero_point | I8, the scales' shape | zero − 2^(b−1) |
/// | L.weight_shape | I64 [2] | out, in |
struct CompressedTensorsLayers: LayerFormat {
    let naming: TensorNaming
    private var packed: [LinearLayer: PackingScheme.Layer] = [:]

    init(naming: TensorNaming) { self.naming = naming }

    func planned(for layer: LinearLayer, type: StoredFloat, shape: [Int]) -> [ShardSet.PlannedTensor] {
        // No tensor of a packed layer is longer than the weight in any direction.
        PackedTensor.allCases.map { ($0.name(in: layer.moduleName), type.elementType, shape) }
    }

    mutating func write(
        _ layer: LinearLayer, _ quantized: QuantizedMatrix, dequantized weight: Matrix<Float>?, _ type: StoredFloat,
        to shards: ShardSet
    ) throws -> StoredLayer {
        let isPerOutput = quantized.dimension == .perOutputChannel
        guard !quantized.layout.hasTail else {
            try shards.writeDense(layer, weight ?? quantized.dequantized(), type)
            return StoredLayer(
                layer: layer, size: StoredSize(dense: type, rows: quantized.rows, columns: quantized.columns),
                denseBecause: "the group size \(quantized.groupSize) does not divide its "
                    + "\(quantized.layout.channelLength) \(isPerOutput ? "inputs" : "outputs")")
        }
        try writePacked(layer, quantized, type, to: shards)
        packed[layer] = PackingScheme.Layer(
            bits: quantized.bits, blockRows: isPerOutput ? 1 : quantized.groupSize,
            blockColumns: isPerOutput ? quantized.groupSize : 1)
        return StoredLayer(layer: layer, size: StoredSize(packed: quantized, scaleType: type), denseBecause: nil)
    }

    func configuration(of layers: [LinearLayer]) throws -> [(key: String, value: Data)] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let config = QuantizationConfig(packed: packed, allLayers: layers, naming: naming)
        return [("quantization_config", try encoder.encode(config))]
    }

    private func writePacked(
        _ layer: LinearLayer, _ quantized: QuantizedMatrix, _ type: StoredFloat, to shards: ShardSet
    ) throws {
        func write<Element: BitwiseCopyable>(
            _ tensor: PackedTensor, _ elementType: TensorElementType, _ shape: [Int], _ elements: [Element]
        ) throws {
            let name = tensor.name(in: layer.moduleName)
            try shards.write(name, elementType, shape, insteadOf: layer.weightName) { try $0.append(elements) }
        }
        let codes = PackedRows(packing: quantized.codes, bits: quantized.bits)
        try write(.codes, .signed32, [quantized.rows, codes.wordsPerRow], codes.words)
        let shape = [quantized.scales.rows, quantized.scales.columns]
        try write(.scales, type.elementType, shape, try storedScales(quantized, type, layer))
        let half = 1 << (quantized.bits - 1)
        let zeroPoints = quantized.zeroPoints.rowMajorElements.map { Int8(truncatingIfNeeded: Int($0) - half) }
        try write(.zeroPoints, .signed8, shape, zeroPoints)
        try write(.shape, .signed64, [2], [Int64(quantized.rows), Int64(quantized.columns)])
    }

    /// The scales' bytes. They must be numbers of their type already: codes were computed from them.
    private func storedScales(
        _ quantized: QuantizedMatrix, _ type: StoredFloat, _ layer: LinearLayer
    ) throws(ExportError) -> [UInt8] {
        let scales = quantized.scales.rowMajorElements
        if let scale = scales.first(where: { type.rounded($0) != $0 || !$0.isFinite }) {
            throw .scaleNotStorable(module: layer.moduleName, scale: scale, elementType: type.elementType.rawValue)
        }
        return [UInt8](unsafeUninitializedCapacity: scales.count * type.byteWidth) { buffer, count in
            count = scales.count * type.byteWidth
            guard let target = buffer.baseAddress else { return }
            _ = type.narrow(scales, count: scales.count, to: UnsafeMutableRawPointer(target))
        }
    }
}
