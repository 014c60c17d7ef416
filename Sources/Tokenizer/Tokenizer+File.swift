import AdaDimFiles
import Foundation

extension Tokenizer {
    /// Bytes of a `tokenizer.json`; one of 256,000 pieces has 35 million.
    private static let mostBytes = 512 << 20

    /// Reads a `tokenizer.json`.
    package init(file: URL) throws(TokenizerError) {
        let bytes: [UInt8]
        do {
            bytes = try TextFile.bytes(of: file.path, atMost: Self.mostBytes)
        } catch {
            throw TokenizerError(kind: .unreadable, file: file.path, place: "", problem: "\(error.problem)")
        }
        try self.init(json: bytes, file: file.path)
    }
}
