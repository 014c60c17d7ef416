import AdaDimSafetensors
import Foundation

/// A directory with a tiny model and the ids of a text for it, gone at the test's end.
final class Scratch {
    let url: URL
    let tool: Tool

    /// - Parameter model: one of the decoder's goldens, which `transformers` made
    ///   (Tests/DecoderTests/Goldens/make_goldens.py); it becomes `model`, its text `text.safetensors`.
    init(model: String = "qwen2") throws {
        url = FileManager.default.temporaryDirectory.appending(path: "adadim-tool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        tool = Tool(directory: url)
        let goldens = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "DecoderTests/Goldens")
        try FileManager.default.copyItem(at: goldens.appending(path: model), to: url.appending(path: "model"))
        // Below every golden's vocabulary.
        try write((0..<600).map { ($0 * $0 * 7 + $0 * 3) % 53 }, to: "text.safetensors")
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Names in the directory, hidden ones too.
    var contents: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
    }

    static let untouched = ["model", "text.safetensors"]

    private func write(_ ids: [Int64], to name: String) throws {
        let writer = try SafetensorsWriter(
            path: url.appending(path: name).path,
            headerCapacity: SafetensorsWriter.headerCapacity(for: [("ids", .signed64, [ids.count])]))
        try writer.begin("ids", .signed64, shape: [ids.count])
        try writer.append(ids)
        try writer.finish()
    }

    /// `adadim quantize model out` with options that suit a tiny model, then `options`.
    func quantize(
        _ options: String..., redirections: String = "", whileRunning: ((Process) -> Void)? = nil
    ) throws -> Tool.Outcome {
        try tool.run(
            ["quantize", "model", "out", "--calibration", "text.safetensors", "--group-size", "8", "--samples", "8"]
                + ["--sequence-length", "16"] + options,
            redirections: redirections, whileRunning: whileRunning)
    }

    /// The report of the run.
    func report() throws -> [String: Any] {
        let data = try Data(contentsOf: url.appending(path: "out/quantization-report.json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }
}
