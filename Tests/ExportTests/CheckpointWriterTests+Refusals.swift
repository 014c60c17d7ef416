import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// A format of 8 bits alone, which plans a tensor for each layer.
private struct StrictFormat: PackedFormat {
    let limits = SchemeLimits(bits: [8])
    let type: TensorType

    func size(of scheme: LayerScheme) -> StoredSize { StoredSize(dense: .float32, rows: 0, columns: 0) }

    func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor] {
        [PlannedTensor("\(module).codes", self.type, shape)]
    }

    func write(_ layer: FinishedLayer, to container: any TensorContainer) throws {}

    func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)] { [] }
}

/// What a format or its container cannot hold.
extension CheckpointWriterTests {
    private func strict(_ type: TensorType) -> ExportFormat {
        ExportFormat(name: "strict", help: "", packing: StrictFormat(type: type))
    }

    /// The layer stays what it was.
    @Test func aLayerBeyondTheFormatIsRefused() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        let checkpoint = try Checkpoint(directory: directory.url)
        let output = try OutputDirectory(
            directory.parent.appendingPathComponent("out"), model: directory.url, overwrite: false)
        let writer = try CheckpointWriter(
            checkpoint, format: strict(.elements(.unsigned8)), to: output.partial)
        let query = try quantize(checkpoint, Self.layers[0], groupSize: 32, bits: 3, .perInputChannel, .bfloat16)
        #expect(
            errorText { try writer.write(Self.layers[0], query) }
                == "layer model.layers.0.self_attn.q_proj: strict cannot hold it: it would have 3 bits, expected 8")
        try writer.finish()
        let written = try Checkpoint(directory: output.partial)
        #expect(written.tensorNames == checkpoint.tensorNames)
        let name = Self.layers[0].weightName
        #expect(try written.matrix(name) == checkpoint.matrix(name))
    }

    /// Known before any layer is quantized.
    @Test func tensorsOfBlocksAreNotForSafetensors() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        let output = try OutputDirectory(
            directory.parent.appendingPathComponent("out"), model: directory.url, overwrite: false)
        let format = strict(.blocks(name: "Q4_0", count: 32, bytes: 18))
        #expect(
            errorText {
                _ = try CheckpointWriter(Checkpoint(directory: directory.url), format: format, to: output.partial)
            }
                == "tensor model.layers.0.self_attn.q_proj.codes: planned as Q4_0, expected one of safetensors' types")
    }
}
