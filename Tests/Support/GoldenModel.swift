import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import Foundation
import Testing

/// One of the models that Goldens/make_goldens.py writes, and what it says that they compute.
struct GoldenModel: CustomTestStringConvertible {
    /// Contents of expected.json; the script's docstring says what each is.
    struct Expected: Decodable {
        let sequences: [[Int32]]
        let logits: [[[Float]]]
        let referenceLogits: [[[Double]]]
        let rounding: Double
        let text: [Int32]
        let window: Int
        let logLikelihoods: [Double]
    }

    static let names = [
        "llama", "llama-llama3-rope", "llama-linear-rope", "llama-biases", "mistral-window", "qwen2", "qwen3",
    ]

    let name: String
    var testDescription: String { name }
    var directory: URL { Bundle.module.resourceURL!.appendingPathComponent("Goldens/\(name)") }

    func model() throws -> DecoderModel { try DecoderModel(Checkpoint(directory: directory)) }

    func expected() throws -> Expected {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            Expected.self, from: Data(contentsOf: directory.appendingPathComponent("expected.json")))
    }

    /// A copy of the directory for the duration of `body`, with `found` in one of its files overwritten.
    func withCopy<Result>(
        replacing found: String, by replacement: String, in file: String = "config.json",
        _ body: (URL) throws -> Result
    ) throws -> Result {
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: directory, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let url = copy.appendingPathComponent(file)
        var bytes = try Data(contentsOf: url)
        let range = try #require(bytes.range(of: Data(found.utf8)), "\(file) of \(name) without \(found)")
        bytes.replaceSubrange(range, with: Data(replacement.utf8))
        try bytes.write(to: url)
        return try body(copy)
    }
}

extension GoldenModel {
    static let all = names.map { GoldenModel(name: $0) }
}

extension Matrix<Float> {
    /// The elements of a column.
    func column(_ j: Int) -> [Float] { (0..<rows).map { self[$0, j] } }

    /// The columns of `range`, a new matrix.
    func columns(_ range: Range<Int>) -> Matrix<Float> {
        Matrix(rows: rows, columns: range.count) { self[$0, range.lowerBound + $1] }
    }
}
