import AdaDimFiles
import AdaDimJSON
import AdaDimSafetensors
import AdaDimTokenizer
import Foundation

/// Token ids read from a file.
package enum TokenSource: Sendable, Equatable {
    /// The ids of one long text, to be cut up.
    case text([Int32])
    /// The ids of many texts; a sequence is inside one of them.
    case documents([[Int32]])
    /// Sequences of one length, to be taken as they are.
    case sequences([[Int32]])

    /// Reads a UTF-8 text file and tokenizes it whole, without special tokens; or each document of a JSON Lines file; or,
    /// from a .safetensors file, ids made elsewhere: its one integer tensor, [tokens] for a text or [sequences, length] for
    /// sequences.
    /// - Parameters:
    ///   - textField: the field that has a line's document; nil for a file that is one text.
    ///   - notice: called with what is right but surprising.
    ///   - tokenizer: loads the model's tokenizer; not called for ready-made ids.
    package init(
        file: URL, textField: String? = nil, notice: (String) -> Void = { _ in }, tokenizer: () throws -> Tokenizer
    ) throws {
        if Self.isReadyMade(file) {
            guard textField == nil else { throw CorpusError.fieldOfTokens(file: file.path) }
            self = try Self.readyMade(SafetensorsFile(path: file.path))
        } else if let textField {
            self = .documents(try Self.documents(of: file.path, field: textField, tokenizer()))
        } else {
            let bytes = try TextFile.bytes(of: file.path, atMost: Tokenizer.longestText)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw CorpusError.notUTF8(file: file.path)
            }
            if let words = JSONLinesNotice(bytes).text(file: file.relativePath) { notice(words) }
            self = .text(try tokenizer().ids(of: text) { .notTokenizable(file: file.path, line: nil, reason: $0) })
        }
    }

    /// Bytes of all documents of a file, where its size is known: their ids are in memory at the same time.
    private static let mostOfDocuments = 1 << 30

    /// One document after another, so that one line at a time is in memory.
    private static func documents(of path: String, field: String, _ tokenizer: Tokenizer) throws -> [[Int32]] {
        let lines = try LineReader(path: path, longestLine: Tokenizer.longestText, atMost: mostOfDocuments)
        var documents: [[Int32]] = []
        while let line = try lines.next() {
            if line.isBlank { continue }
            let text: String
            do {
                text = try JSONLine(line).text(of: field)
            } catch {
                throw CorpusError.noDocument(file: path, line: lines.number, problem: error.problem, field: field)
            }
            documents.append(
                try tokenizer.ids(of: text) { .notTokenizable(file: path, line: lines.number, reason: $0) })
        }
        guard !documents.isEmpty else { throw CorpusError.noDocuments(file: path, field: field) }
        return documents
    }

    /// The sequences in a file of ready-made ones, by its header; nil for the ids of a text and for a text itself.
    static func size(ofReadyMade file: URL) throws -> CalibrationSize? {
        guard isReadyMade(file) else { return nil }
        let shape = try tensor(of: SafetensorsFile(path: file.path)).shape
        return shape.count == 2 ? CalibrationSize(sequences: shape[0], length: shape[1]) : nil
    }

    private static func isReadyMade(_ file: URL) -> Bool { file.pathExtension == "safetensors" }

    /// The one tensor of a file, [tokens] or [sequences, length].
    private static func tensor(of file: SafetensorsFile) throws(CorpusError) -> TensorEntry {
        guard let entry = file.tensors.first, file.tensors.count == 1, (1...2).contains(entry.shape.count) else {
            throw notOneTensor(file)
        }
        // Of such a tensor a header may claim any other size: it has no bytes.
        guard !entry.shape.contains(0) else {
            throw .noTokens(file: file.path, tensor: entry.name, shape: entry.shape)
        }
        return entry
    }

    private static func notOneTensor(_ file: SafetensorsFile) -> CorpusError {
        .notOneTensor(
            file: file.path, found: file.tensors.map { "\($0.name): \($0.elementType.rawValue) \($0.shape)" })
    }

    private static func readyMade(_ file: SafetensorsFile) throws -> TokenSource {
        let entry = try tensor(of: file)
        let ids = try file.withBytes(of: entry.name) { bytes in
            switch entry.elementType {
            case .signed64: integers(bytes, Int64.self)
            case .signed32: integers(bytes, Int32.self)
            case .unsigned32: integers(bytes, UInt32.self)
            case .unsigned16: integers(bytes, UInt16.self)
            case .signed16: integers(bytes, Int16.self)
            default: nil as [Int32?]?
            }
        }
        guard let ids else { throw notOneTensor(file) }
        if let position = ids.firstIndex(of: nil) {
            throw CorpusError.idTooLarge(file: file.path, tensor: entry.name, position: position)
        }
        let valid = ids.compactMap { $0 }
        guard entry.shape.count == 2 else { return .text(valid) }
        let length = entry.shape[1]
        return .sequences((0..<entry.shape[0]).map { Array(valid[$0 * length..<($0 + 1) * length]) })
    }

    /// The elements of a tensor as ids; nil in place of one that no 32-bit id can be.
    private static func integers<Element: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, _: Element.Type
    ) -> [Int32?] {
        stride(from: 0, to: bytes.count, by: MemoryLayout<Element>.size).map {
            Int32(exactly: Element(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Element.self)))
        }
    }
}

extension Tokenizer {
    /// The ids of a text, without special tokens.
    /// - Parameter failure: the error of a text that has none, for a reason.
    fileprivate func ids(of text: String, failure: (String) -> CorpusError) throws(CorpusError) -> [Int32] {
        do {
            return try encode(text, addSpecialTokens: false).map(Int32.init)
        } catch {
            throw failure("\(error)")
        }
    }
}
