import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import Foundation
import Testing

/// Writes a real model as GGUF files for a judge outside (`Tests/Differential/judge_gguf.py`), and the values of layers that it is
/// to find there. Set ADADIM_MODEL to the model's directory and ADADIM_EXPORTS to where `gguf-4` and `gguf-4-symmetric` go.
@Suite("Exports of a real model as GGUF files")
struct GGUFRealModelTests {
    @Test(
        .enabled(if: RealModelTests.model != nil && RealModelTests.exports != nil), arguments: [false, true]
    ) func file(_ isSymmetric: Bool) throws {
        let model = URL(fileURLWithPath: try #require(RealModelTests.model))
        let exports = URL(fileURLWithPath: try #require(RealModelTests.exports))
        let checkpoint = try Checkpoint(directory: model)
        let url = exports.appendingPathComponent(isSymmetric ? "gguf-4-symmetric" : "gguf-4")
        let directory = try OutputDirectory(url, model: model, overwrite: true)
        let writer = try CheckpointWriter(checkpoint, format: .gguf, to: directory.partial)
        let layers = checkpoint.configuration.layers
        // Enough to compare, and no second copy of the model.
        let compared = layers.filter { ($0.block ?? 0) % 10 == 0 }
        let values = try SafetensorsWriter(
            path: directory.partial.path + "/values.safetensors",
            headerCapacity: SafetensorsWriter.headerCapacity(
                for: compared.map { ($0.weightName, .float32, [Int(Int32.max), Int(Int32.max)]) }))
        for layer in layers {
            let weight = try checkpoint.matrix(layer.weightName)
            // Every third block has 8 bits.
            let bits = isSymmetric && (layer.block ?? 0) % 3 == 1 ? 8 : 4
            let grid = UniformGrid(
                bits: bits, isSymmetric: isSymmetric,
                scaleType: ExportFormat.gguf.scaleType(isSymmetric: isSymmetric, loaded: checkpoint.loadedType))
            let layout = GroupLayout(
                rows: weight.rows, columns: weight.columns, groupSize: 64, dimension: .perOutputChannel)
            let quantized = try roundToNearest(weight, grid, layout).quantized
            #expect(try writer.write(layer, quantized).denseBecause == nil)
            if compared.contains(layer) {
                try values.begin(layer.weightName, .float32, shape: [weight.rows, weight.columns])
                let elements = quantized.dequantized().rowMajorElements
                try elements.withUnsafeBytes { bytes in
                    Result { () throws(SafetensorsError) in try values.append(bytes) }
                }.get()
            }
            checkpoint.release([layer.weightName])
        }
        try writer.finish()
        try values.finish()
        let files = try OutputDirectory.files(in: directory.partial) + [OutputDirectory.reportName]
        try JSONSerialization.data(withJSONObject: ["producer": "adadim export test", "files": files])
            .write(to: directory.partial.appendingPathComponent(OutputDirectory.reportName))
        try directory.commit()
    }
}
