import Foundation

extension Tokenizer {
    /// Reads a `tokenizer.json`.
    package init(file: URL) throws(TokenizerError) {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw TokenizerError(
                kind: .unreadable, file: file.path, place: "", problem: "cannot be read: \(error.localizedDescription)")
        }
        try self.init(json: Array(data), file: file.path)
    }
}
