import AdaDimTokenizer
import Foundation

/// Prints the ids of texts by tokenizers. A line of standard input has a tokenizer.json and the texts:
///
///     {"tokenizer": "{…}", "texts": ["…", …]}
///
/// For each line one of standard output: why the tokenizer is refused, or for each text its ids or why it has none.
///
///     {"refused": "…"}
///     {"results": [{"ids": […]}, {"error": "…"}, …]}
@main
struct PrintTokenIDs {
    private struct Request: Decodable {
        let tokenizer: String
        let texts: [String]
    }

    private struct Answer: Encodable {
        struct Result: Encodable {
            var ids: [Int]?
            var error: String?
        }

        var refused: String?
        var results: [Result]?
    }

    static func main() throws {
        let (decoder, encoder) = (JSONDecoder(), JSONEncoder())
        while let line = readLine() {
            let answer = Self.answer(try decoder.decode(Request.self, from: Data(line.utf8)))
            print(String(decoding: try encoder.encode(answer), as: UTF8.self))
        }
    }

    private static func answer(_ request: Request) -> Answer {
        do {
            let tokenizer = try Tokenizer(json: Array(request.tokenizer.utf8), file: "tokenizer.json")
            return Answer(
                results: request.texts.map { text in
                    do {
                        return .init(ids: try tokenizer.encode(text, addSpecialTokens: false))
                    } catch {
                        return .init(error: "\(error)")
                    }
                })
        } catch {
            return Answer(refused: error.description)
        }
    }
}
