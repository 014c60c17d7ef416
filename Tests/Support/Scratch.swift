import AdaDimCheckpoint
import AdaDimPipeline
import AdaDimSafetensors
import Foundation

/// A directory of a test's own, gone at its end.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "adadim-pipeline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Names in the directory, hidden ones too.
    var contents: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
    }

    /// A tiny model of the decoder's goldens, which `transformers` made (Tests/DecoderTests/Goldens/make_goldens.py).
    func copyOfModel(_ name: String) throws -> URL {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "DecoderTests/Goldens/\(name)")
        let copy = url.appending(path: name)
        try FileManager.default.copyItem(at: golden, to: copy)
        return copy
    }

    /// A run in groups of 8 over sequences of 16 tokens that suits a tiny model.
    /// - Parameter name: of a golden model, which is copied.
    func job(_ name: String, samples: Int, output: String = "out") throws -> QuantizationJob {
        let model = try copyOfModel(name)
        let vocabulary = try Checkpoint(directory: model).configuration.vocabularySize
        var job = QuantizationJob(
            model: model, output: url.appending(path: output), calibration: try text(vocabulary: vocabulary))
        job.groupSize = 8
        job.samples = samples
        job.sequenceLength = 16
        return job
    }

    /// Writes token ids, [tokens] or [sequences, length], as an integer tensor.
    func tokens(_ ids: [Int64], shape: [Int], name: String = "tokens.safetensors") throws -> URL {
        let file = url.appending(path: name)
        try? FileManager.default.removeItem(at: file)
        let writer = try SafetensorsWriter(
            path: file.path, headerCapacity: SafetensorsWriter.headerCapacity(for: [("ids", .signed64, shape)]))
        try writer.begin("ids", .signed64, shape: shape)
        try writer.append(ids)
        try writer.finish()
        return file
    }

    /// A long enough text of ids below `vocabulary`, by a rule.
    func text(vocabulary: Int, count: Int = 600) throws -> URL {
        try tokens((0..<Int64(count)).map { ($0 * $0 * 7 + $0 * 3) % Int64(vocabulary) }, shape: [count])
    }
}
