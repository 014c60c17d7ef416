import AdaDimFiles

/// A safetensors file, memory-mapped: named tensors whose bytes are read in place, never copied.
///
/// The layout: 8 bytes with the header's length (little-endian), the header (a JSON object: name → dtype, shape and
/// data_offsets), the data. Everything that the header claims is checked when the file is opened.
package final class SafetensorsFile: Sendable {
    /// The longest header that is accepted, as in the format's own reader.
    package static let headerLimit = 100_000_000

    package let path: String
    /// In the order of their data.
    package let tensors: [TensorEntry]
    /// The strings under `__metadata__`.
    package let metadata: [String: String]
    private let file: MappedFile
    private let indices: [String: Int]

    /// Maps and checks the file at `path`.
    package init(path: String) throws(SafetensorsError) {
        self.path = path
        let file: MappedFile
        do {
            file = try MappedFile(path: path)
        } catch {
            throw SafetensorsError(file: path, .unreadable(reason: error.reason))
        }
        self.file = file
        guard file.count >= 8 else {
            throw SafetensorsError(file: path, Self.standIn(for: file) ?? .tooShort(bytes: file.count))
        }
        let stated = file.withBytes(in: 0..<8) { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard stated <= UInt64(Self.headerLimit) else {
            throw SafetensorsError(
                file: path, Self.standIn(for: file) ?? .headerTooLarge(bytes: stated, limit: Self.headerLimit))
        }
        let length = Int(stated)
        guard length <= file.count - 8 else {
            throw SafetensorsError(
                file: path,
                Self.standIn(for: file) ?? .headerBeyondEnd(bytes: length, available: file.count - 8))
        }
        do {
            let header = try file.withBytes(in: 8..<8 + length) { bytes throws(SafetensorsError.Problem) in
                try SafetensorsHeader(json: bytes, dataStart: 8 + length, dataBytes: file.count - 8 - length)
            }
            tensors = header.tensors
            metadata = header.metadata
        } catch {
            throw SafetensorsError(file: path, Self.standIn(for: file) ?? error)
        }
        indices = Dictionary(uniqueKeysWithValues: tensors.indices.lazy.map { [tensors] in (tensors[$0].name, $0) })
    }

    /// The contents of a file without a safetensors header; nil if it begins with one.
    private static func standIn(for file: MappedFile) -> SafetensorsError.Problem? {
        file.withBytes(in: 0..<min(file.count, StandIn.prefixLength)) { start in
            if start.count > 8 && start[8] == UInt8(ascii: "{") { return nil }
            if let found = StandIn(start) { return .standIn(found) }
            // Eight such bytes say a length that no header has.
            let isText = start.count >= 8 && start.prefix(8).allSatisfy { (0x20..<0x7f).contains($0) }
            return isText ? .text(start: String(decoding: start.prefix(8), as: UTF8.self)) : nil
        }
    }

    /// The entry of a tensor, nil where the file has none of that name.
    package subscript(_ name: String) -> TensorEntry? { indices[name].map { tensors[$0] } }

    /// Calls `body` with a tensor's bytes, row-major and little-endian; they are valid only inside `body` and may be
    /// unaligned.
    /// - Precondition: `tensor` is one of this file's ``tensors``.
    package func withBytes<Result, Failure: Error>(
        of tensor: TensorEntry, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try file.withBytes(in: tensor.byteRange, body)
    }

    /// Calls `body` with the bytes of the tensor of this name.
    package func withBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        guard let tensor = self[name] else { throw SafetensorsError(file: path, .noSuchTensor(name)) }
        return try withBytes(of: tensor, body)
    }

    /// Releases the memory into which a tensor was read, except pages that it shares with its neighbours.
    package func releasePages(of name: String) {
        if let tensor = self[name] { file.releasePages(in: tensor.byteRange) }
    }

    /// The same for a part of a tensor, in bytes from its start.
    package func releasePages(of tensor: TensorEntry, bytes: Range<Int>) {
        let start = tensor.byteRange.lowerBound
        file.releasePages(in: start + bytes.lowerBound..<start + bytes.upperBound)
    }
}

extension SafetensorsError.Problem: Error {}
