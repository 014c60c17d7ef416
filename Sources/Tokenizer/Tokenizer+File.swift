import AdaDimFiles
import Foundation

extension Tokenizer {
    /// Reads a `tokenizer.json`.
    package init(file: URL) throws(TokenizerError) {
        let bytes: [UInt8]
        do {
            bytes = try TextFile.bytes(of: file.path)
        } catch {
            throw TokenizerError(kind: .unreadable, file: file.path, place: "", problem: "\(error.problem)")
        }
        try self.init(json: bytes, file: file.path)
    }
}
