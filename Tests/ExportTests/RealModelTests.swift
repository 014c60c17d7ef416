import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation
import Testing

/// Writes a real model in both formats for a judge outside (`verify_export.py`). Set ADADIM_MODEL to its directory and
/// ADADIM_EXPORTS to where `packed` and `dequantized` go.
@Suite("Exports of a real model")
struct RealModelTests {
    static let model = ProcessInfo.processInfo.environment["ADADIM_MODEL"]
    static let exports = ProcessInfo.processInfo.environment["ADADIM_EXPORTS"]

    @Test(.enabled(if: model != nil && exports != nil)) func bothFormats() throws {
        let model = URL(fileURLWithPath: try #require(Self.model))
        let exports = URL(fileURLWithPath: try #require(Self.exports))
        let checkpoint = try Checkpoint(directory: model)
        let layers = checkpoint.configuration.layers
        // One layer of each block stays as it is.
        let chosen = layers.filter { !($0.role == "o_proj" && ($0.block ?? 0) % 3 == 0) }
        let outputs = try [(ExportFormat.compressedTensors, "packed"), (.dequantized, "dequantized")].map {
            format, name in
            let directory = try OutputDirectory(exports.appendingPathComponent(name), model: model, overwrite: true)
            return (directory, writer: try CheckpointWriter(checkpoint, format: format, to: directory.partial))
        }
        var (packedBytes, weights) = (0, 0)
        for (index, layer) in chosen.enumerated() {
            let weight = try checkpoint.matrix(layer.weightName)
            let dimension: ChannelDimension = (index / 2).isMultiple(of: 2) ? .perInputChannel : .perOutputChannel
            // Whole channels, tails and other widths are among them.
            let groupSize: Int? = layer.block == 1 ? nil : layer.block == 2 ? 128 : 64
            let bits = layer.block == 3 ? 4 : layer.block == 4 ? 8 : layer.block == 5 ? 2 : 3
            let quantized = try RoundToNearestLayer.quantize(
                weight, bits: bits, groupSize: groupSize, dimension, scaleType: .bfloat16)
            let stored = try outputs.map { try $0.writer.write(layer, quantized) }
            packedBytes += stored[0].size.bytes
            weights += stored[0].size.weights
            if let reason = stored[0].denseBecause { print("dense:", layer.moduleName, reason) }
            checkpoint.release([layer.weightName])
        }
        print("bits per weight:", Double(packedBytes) * 8 / Double(weights))
        for (directory, writer) in outputs {
            try writer.finish()
            let report = directory.partial.appendingPathComponent(OutputDirectory.reportName)
            let files = try OutputDirectory.files(in: directory.partial) + [OutputDirectory.reportName]
            try JSONSerialization.data(withJSONObject: ["producer": "adadim export test", "files": files])
                .write(to: report)
            try directory.commit()
        }
        let packed = try Checkpoint(directory: exports.appendingPathComponent("packed"), allowingQuantized: true)
        let dequantized = try Checkpoint(directory: exports.appendingPathComponent("dequantized"))
        for layer in layers {
            let unpacked = try packed.matrix(layer.weightName)
            let plain = try dequantized.matrix(layer.weightName)
            #expect(unpacked == plain, "\(layer.moduleName)")
        }
    }
}
