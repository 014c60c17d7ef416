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
        let logLikelihoodRounding: Double
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

    /// A copy of the directory, its text files changed by `edit`, for the duration of `body`.
    func withCopy<Result>(
        editing file: String = "config.json", _ edit: (inout String) -> Void = { _ in }, _ body: (URL) throws -> Result
    ) throws -> Result {
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: directory, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let url = copy.appendingPathComponent(file)
        var text = try String(contentsOf: url, encoding: .isoLatin1)
        edit(&text)
        try text.write(to: url, atomically: true, encoding: .isoLatin1)
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
