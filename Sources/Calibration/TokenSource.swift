import AdaDimFiles
import AdaDimSafetensors
import AdaDimTokenizer
import Foundation
import Glibc

/// Token ids read from a file.
package enum TokenSource: Sendable, Equatable {
    /// The ids of one long text, to be cut up.
    case text([Int32])
    /// Sequences of one length, to be taken as they are.
    case sequences([[Int32]])

    /// Reads a UTF-8 text file and tokenizes it whole, without special tokens; or, from a .safetensors file, ids made
    /// elsewhere: its one integer tensor, [tokens] for a text or [sequences, length] for sequences.
    /// - Parameter tokenizer: loads the model's tokenizer; not called for ready-made ids.
    package init(file: URL, tokenizer: () throws -> Tokenizer) throws {
        if Self.isReadyMade(file) {
            self = try Self.readyMade(SafetensorsFile(path: file.path))
        } else {
            let text = try Self.readText(file)
            let ids = try tokenizer().encode(text, addSpecialTokens: false)
            self = .text(ids.map(Int32.init))
        }
    }

    /// The sequences in a file of ready-made ones, by its header; nil for the ids of a text and for a text itself.
    static func size(ofReadyMade file: URL) throws -> CalibrationSize? {
        guard isReadyMade(file) else { return nil }
        let shape = try tensor(of: SafetensorsFile(path: file.path)).shape
        return shape.count == 2 ? CalibrationSize(sequences: shape[0], length: shape[1]) : nil
    }

    private static func isReadyMade(_ file: URL) -> Bool { file.pathExtension == "safetensors" }

    private static func readText(_ file: URL) throws -> String {
        guard let text = String(validating: try readBytes(file), as: UTF8.self) else {
            throw CorpusError.notUTF8(file: file.path)
        }
        return text
    }

    /// Reads a file, a pipe too. The system's own words say why one cannot be read; Foundation's give error numbers.
    private static func readBytes(_ file: URL) throws(CorpusError) -> [UInt8] {
        func failure() -> CorpusError { .unreadable(file: file.path, reason: String(cString: strerror(errno))) }
        let descriptor = open(file.path.systemBytes, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure() }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else { throw .unreadable(file: file.path, reason: "is a directory") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(kind == S_IFREG ? max(0, Int(status.st_size)) : 0)
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count > 0 { bytes += chunk[..<count] } else if errno != EINTR { throw failure() }
        }
    }

    /// The one tensor of a file, [tokens] or [sequences, length].
    private static func tensor(of file: SafetensorsFile) throws(CorpusError) -> TensorEntry {
        guard let entry = file.tensors.first, file.tensors.count == 1, (1...2).contains(entry.shape.count) else {
            throw notOneTensor(file)
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
