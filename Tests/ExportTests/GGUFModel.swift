import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimTestSupport
import Foundation

/// One of the models of DecoderTests with a tokenizer, in a directory of its own, and what it becomes as a GGUF file.
struct GGUFModel {
    private let temporary: TemporaryDirectory
    var url: URL { temporary.url.appendingPathComponent("model") }
    var output: URL { temporary.url.appendingPathComponent("output") }

    static let settings = """
        {"bos_token": "<|end|>", "eos_token": {"content": "<|end|>"}, "chat_template": "{{ messages }}"}
        """

    init(
        _ golden: String, tokenizer: String? = SmallTokenizer.json, settings: String = Self.settings,
        config: (String) -> String = { $0 }
    ) throws {
        temporary = try TemporaryDirectory()
        let files = FileManager.default
        try files.createDirectory(at: url, withIntermediateDirectories: false)
        let source = GoldenModel(name: golden).directory
        for name in try files.contentsOfDirectory(atPath: source.path) where name != "expected.json" {
            try files.copyItem(at: source.appending(path: name), to: url.appending(path: name))
        }
        try files.removeItem(at: url.appending(path: "config.json"))
        let text = try String(contentsOf: source.appending(path: "config.json"), encoding: .utf8)
        try write(config(text), "config.json")
        if let tokenizer { try write(tokenizer, "tokenizer.json") }
        try write(settings, "tokenizer_config.json")
    }

    func remove() { temporary.remove() }

    func write(_ text: String, _ name: String) throws { try Data(text.utf8).write(to: url.appending(path: name)) }

    func checkpoint() throws -> Checkpoint { try Checkpoint(directory: url) }

    /// Why it cannot be a GGUF file.
    var refusal: String {
        errorText { try ExportFormat.gguf.container.check(checkpoint()) }
            .replacingOccurrences(of: url.path + ": a GGUF file cannot hold this model: it has ", with: "")
    }

    /// Rounds every layer to its nearest codes, in groups of 32, and writes the file.
    /// - Returns: the layers, and how each was written.
    @discardableResult
    func export(bits: Int, isSymmetric: Bool) throws -> (layers: [LinearLayer: QuantizedMatrix], stored: [StoredLayer])
    {
        let checkpoint = try checkpoint()
        let writer = try CheckpointWriter(checkpoint, format: .gguf, to: try directory())
        var layers: [LinearLayer: QuantizedMatrix] = [:]
        var stored: [StoredLayer] = []
        for layer in checkpoint.configuration.layers {
            let weight = try checkpoint.matrix(layer.weightName)
            let grid = UniformGrid(
                bits: bits, isSymmetric: isSymmetric,
                scaleType: ExportFormat.gguf.scaleType(isSymmetric: isSymmetric, loaded: checkpoint.loadedType))
            let layout = GroupLayout(
                rows: weight.rows, columns: weight.columns, groupSize: 32, dimension: .perOutputChannel)
            let quantized = try roundToNearest(weight, grid, layout).quantized
            layers[layer] = quantized
            stored.append(try writer.write(layer, quantized))
        }
        try writer.finish()
        return (layers, stored)
    }

    private func directory() throws -> URL {
        try? FileManager.default.removeItem(at: output)
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
        return output
    }
}
