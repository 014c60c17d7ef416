import AdaDimCheckpoint
import AdaDimQuantization
import Foundation
import Testing

@testable import AdaDimExport

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
        let layers = (0..<checkpoint.configuration.blockCount).flatMap { block in
            LinearRole.allCases.map { LinearLayer(block: block, role: $0) }
        }
        // One layer of each block stays as it is.
        let chosen = layers.filter { !($0.role == .output && $0.block % 3 == 0) }
        var outputs: [(directory: OutputDirectory, writer: any CheckpointWriter)] = []
        for (format, name) in [(ExportFormat.compressedTensors, "packed"), (.dequantized, "dequantized")] {
            let directory = try OutputDirectory(
                at: exports.appendingPathComponent(name), model: model, overwrite: true)
            outputs.append(
                (
                    directory,
                    try format.makeWriter(from: checkpoint, into: directory.partial, modules: chosen.map(\.moduleName))
                ))
        }
        for (index, layer) in chosen.enumerated() {
            let weight = try checkpoint.matrix(layer.weightName)
            let dimension: ChannelDimension = (index / 2).isMultiple(of: 2) ? .perInputChannel : .perOutputChannel
            // Whole channels, tails and other widths are among them.
            let groupSize: Int? = layer.block == 1 ? nil : layer.block == 2 ? 128 : 64
            let bits = layer.block == 3 ? 4 : layer.block == 4 ? 8 : layer.block == 5 ? 2 : 3
            let quantized = try RoundToNearestLayer.quantize(
                weight, bits: bits, groupSize: groupSize, dimension, scaleType: .bfloat16)
            for output in outputs { try output.writer.write(quantized, module: layer.moduleName) }
            checkpoint.release([layer.weightName])
        }
        for output in outputs {
            let summary = try output.writer.finish()
            print(output.directory.url.lastPathComponent, "bits per weight:", summary.totalSize.bitsPerWeight)
            for (module, reason) in summary.dense.sorted(by: { $0.key < $1.key }) { print("dense:", module, reason) }
            let report = output.directory.partial.appendingPathComponent(OutputDirectory.reportName)
            try Data(#"{"producer": "adadim export test"}"#.utf8).write(to: report)
            try output.directory.commit()
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
