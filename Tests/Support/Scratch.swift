import AdaDimSafetensors
import Foundation

/// A directory of a test's own, gone at its end.
package final class Scratch {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "adadim-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Names in the directory, hidden ones too.
    package var contents: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
    }

    /// A tiny model of the decoder's goldens, which `transformers` made (Tests/DecoderTests/Goldens/make_goldens.py).
    package func copyOfModel(_ name: String) throws -> URL {
        let copy = url.appending(path: name)
        try FileManager.default.copyItem(at: GoldenModel(name: name).directory, to: copy)
        return copy
    }

    /// Writes token ids, [tokens] or [sequences, length], as an integer tensor.
    package func tokens(_ ids: [Int64], shape: [Int], name: String = "tokens.safetensors") throws -> URL {
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
    package func text(vocabulary: Int, count: Int = 600) throws -> URL {
        try tokens((0..<Int64(count)).map { ($0 * $0 * 7 + $0 * 3) % Int64(vocabulary) }, shape: [count])
    }
}
