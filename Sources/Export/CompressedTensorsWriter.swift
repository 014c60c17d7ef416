import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimSafetensors
import Foundation

/// Writes compressed-tensors, format pack-quantized: every layer with strategy `block`, blocks being [1, g] for per-OC
/// and [g, 1] for per-IC. A layer whose last group is shorter than the others has no such blocks and stays dense.
///
/// | tensor of layer L | type, shape | content |
/// |---|---|---|
/// | L.weight_packed | I32 [out, ⌈in·b/32⌉] | codes, a dense bit stream a row |
/// | L.weight_scale | the weight's, as the scales' | scale |
/// | L.weight_zero_point | I8, as the scales' | zero − 2^(b−1) |
/// | L.weight_shape | I64 [2] | out, in |
final class CompressedTensorsWriter: CheckpointWriter {
    private let model: Checkpoint
    private let directory: URL
    private let shards: ShardSet
    private var ledger: LayerLedger
    private var packed: [String: PackingScheme.Layer] = [:]

    init(_ model: Checkpoint, _ directory: URL, _ modules: [String]) throws {
        self.model = model
        self.directory = directory
        ledger = try LayerLedger(model, modules: modules)
        let weights = Set(modules.map { $0 + ".weight" })
        shards = try ShardSet(model, directory) { tensor in
            let dense: [ShardSet.PlannedTensor] = [(tensor.name, tensor.elementType, tensor.shape)]
            guard weights.contains(tensor.name) else { return dense }
            // No tensor of a packed layer has larger sizes than the weight.
            let module = String(tensor.name.dropLast(".weight".count))
            return dense + PackedTensor.allCases.map { ($0.name(in: module), tensor.elementType, tensor.shape) }
        }
    }

    func write(_ layer: QuantizedMatrix, module: String) throws {
        let type = try ledger.take(layer, module)
        if layer.layout.hasTail {
            try shards.writeDense(layer, module, type)
            let axis = layer.dimension == .perOutputChannel ? "input" : "output"
            ledger.note(
                module, StoredSize(dense: type, rows: layer.rows, columns: layer.columns),
                denseBecause: "its \(layer.layout.channelLength) \(axis) channels are not a multiple of the group size "
                    + "\(layer.groupSize)")
            return
        }
        try writePacked(layer, module, type)
        let isPerOutput = layer.dimension == .perOutputChannel
        packed[module] = PackingScheme.Layer(
            bits: layer.bits, blockRows: isPerOutput ? 1 : layer.groupSize,
            blockColumns: isPerOutput ? layer.groupSize : 1)
        ledger.note(module, StoredSize(packed: layer, scaleType: type))
    }

    func finish() throws -> ExportSummary {
        try ledger.checkComplete()
        try shards.finish()
        try CarriedFiles(model).copy(into: directory)
        let layers = (0..<model.configuration.blockCount).flatMap { block in
            LinearRole.allCases.map { LinearLayer(block: block, role: $0).moduleName }
        }
        let config = QuantizationConfig(packed: packed, allLayers: layers)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try CarriedFiles(model)
            .copyConfig(into: directory, adding: "quantization_config", try encoder.encode(config))
        return ledger.summary
    }

    private func writePacked(_ layer: QuantizedMatrix, _ module: String, _ type: StoredFloat) throws {
        let weight = module + ".weight"
        let codes = PackedRows(packing: layer.codes, bits: layer.bits)
        try shards.write(
            PackedTensor.codes.name(in: module), .signed32, [layer.rows, codes.wordsPerRow], insteadOf: weight
        ) { try $0.append(codes.words) }

        let scaleShape = [layer.scales.rows, layer.scales.columns]
        let scales = layer.scales.rowMajorElements
        if let scale = scales.first(where: { type.rounded($0) != $0 || !$0.isFinite }) {
            throw ExportError.scaleNotStorable(module: module, scale: scale, elementType: type.elementType.rawValue)
        }
        try shards.write(
            PackedTensor.scales.name(in: module), type.elementType, scaleShape, insteadOf: weight
        ) { try $0.append(stored(scales, type)) }

        let half = 1 << (layer.bits - 1)
        let zeroPoints = layer.zeroPoints.rowMajorElements.map { Int8(truncatingIfNeeded: Int($0) - half) }
        try shards.write(
            PackedTensor.zeroPoints.name(in: module), .signed8, scaleShape, insteadOf: weight
        ) { try $0.append(zeroPoints) }
        try shards.write(
            PackedTensor.shape.name(in: module), .signed64, [2], insteadOf: weight
        ) { try $0.append([Int64(layer.rows), Int64(layer.columns)]) }
    }

    private func stored(_ values: [Float], _ type: StoredFloat) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: values.count * type.byteWidth) { buffer, count in
            count = values.count * type.byteWidth
            values.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress, let target = buffer.baseAddress else { return }
                _ = type.narrow(source, count: values.count, to: UnsafeMutableRawPointer(target))
            }
        }
    }
}
