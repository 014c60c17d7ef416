import AdaDimCheckpoint
import AdaDimDecoder
import Foundation

/// One of the models that DecoderTests/Goldens/make_goldens.py writes, and what it says that they compute.
package struct GoldenModel: CustomStringConvertible, Sendable {
    /// Contents of expected.json; the script's docstring says what each is.
    package struct Expected: Decodable {
        package let sequences: [[Int32]]
        package let logits: [[[Float]]]
        package let referenceLogits: [[[Double]]]
        package let rounding: Double
        package let text: [Int32]
        package let window: Int
        package let logLikelihoods: [Double]
    }

    package static let names = [
        "llama", "llama-llama3-rope", "llama-linear-rope", "llama-biases", "mistral-window", "qwen2", "qwen3",
    ]

    /// How often the rounding error of transformers' float32 logits ours may be. Both are the largest of some 2500
    /// errors of the same computation with sums taken in another order and another exponential function; a mistake in a
    /// formula or in a weight's place changes logits by 10⁴ times this and more.
    package static let allowance = 4.0

    package let name: String

    package init(name: String) { self.name = name }

    package var description: String { name }

    package var directory: URL { Repository.root.appending(path: "Tests/DecoderTests/Goldens/\(name)") }

    package func model() throws -> DecoderModel { try DecoderModel(Checkpoint(directory: directory)) }

    package func expected() throws -> Expected {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            Expected.self, from: Data(contentsOf: directory.appendingPathComponent("expected.json")))
    }

    /// A copy of the directory for the duration of `body`, with `found` in one of its files overwritten.
    package func withCopy<Result>(
        replacing found: String, by replacement: String, in file: String = "config.json",
        _ body: (URL) throws -> Result
    ) throws -> Result {
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: directory, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let url = copy.appendingPathComponent(file)
        var bytes = try Data(contentsOf: url)
        guard let range = bytes.range(of: Data(found.utf8)) else {
            throw TextNotFound(text: found, file: "\(file) of \(name)")
        }
        bytes.replaceSubrange(range, with: Data(replacement.utf8))
        try bytes.write(to: url)
        return try body(copy)
    }
}

extension GoldenModel {
    package static let all = names.map { GoldenModel(name: $0) }
}

/// A test's model has not the text that the test replaces.
private struct TextNotFound: Error {
    let text: String
    let file: String
}
