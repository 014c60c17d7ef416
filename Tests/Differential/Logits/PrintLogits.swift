import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import Foundation

/// Answers each line of standard input, {"model": a directory, "tokens": [ids]}, with one on standard output:
/// {"logits": a row of the vocabulary for each token, "notices": [text]}, or {"error": the tool's message}. Without tokens:
/// {"keys": those of config.json that something is known of}.
@main
enum PrintLogits {
    private struct Question: Decodable {
        let model: String
        let tokens: [Int32]?
    }

    private struct Answer: Encodable {
        var logits: [[Float]]?
        var notices: [String]?
        var keys: [String]?
        var error: String?
    }

    static func main() throws {
        while let line = readLine() {
            let answer = answer(try JSONDecoder().decode(Question.self, from: Data(line.utf8)))
            FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
        }
    }

    private static func answer(_ question: Question) -> Answer {
        do {
            let directory = URL(fileURLWithPath: question.model, isDirectory: true)
            let checkpoint = try Checkpoint(directory: directory, allowingQuantized: true)
            guard let tokens = question.tokens else {
                return Answer(keys: checkpoint.configuration.architecture.knownKeys.sorted())
            }
            let logits = try DecoderModel(checkpoint).logits(of: [tokens])
            let rows = (0..<logits.columns).map { token in (0..<logits.rows).map { logits[$0, token] } }
            return Answer(logits: rows, notices: checkpoint.notices)
        } catch {
            return Answer(error: "\(error)")
        }
    }
}
