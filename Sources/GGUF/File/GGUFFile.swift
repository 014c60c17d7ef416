import AdaDimFiles

/// A GGUF file, memory-mapped: typed metadata, and named tensors whose bytes are read in place. Everything that the header
/// claims is checked when the file is opened.
package final class GGUFFile: Sendable {
    package let path: String
    package let header: GGUFHeader
    private let file: MappedFile
    private let indices: [String: Int]

    /// In the order of their data.
    package var tensors: [GGUFTensor] { header.tensors }

    /// Maps and checks the file at `path`.
    package init(path: String) throws(GGUFError) {
        self.path = path
        do {
            file = try MappedFile(path: path)
        } catch {
            throw GGUFError(file: path, .unreadable(reason: error.reason))
        }
        do {
            header = try file.withBytes(in: 0..<file.count) { bytes throws(GGUFError.Problem) in try GGUFHeader(bytes) }
        } catch {
            throw GGUFError(file: path, Self.standIn(for: file) ?? error)
        }
        indices = Dictionary(
            uniqueKeysWithValues: header.tensors.indices.lazy.map { [header] in (header.tensors[$0].name, $0) })
    }

    /// Something else in the file's place.
    private static func standIn(for file: MappedFile) -> GGUFError.Problem? {
        file.withBytes(in: 0..<min(file.count, StandIn.prefixLength)) { start in
            guard let found = StandIn(start), found != .gguf else { return nil }
            return .standIn(found)
        }
    }

    /// The tensor of a name; nil where the file has none.
    package subscript(_ name: String) -> GGUFTensor? { indices[name].map { tensors[$0] } }

    /// Calls `body` with a tensor's bytes, which are valid only inside it and may be unaligned.
    /// - Precondition: `tensor` is one of this file's ``tensors``.
    package func withBytes<Result, Failure: Error>(
        of tensor: GGUFTensor, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try file.withBytes(in: tensor.byteRange, body)
    }

    /// Releases the memory into which some bytes of a tensor were read, counted from its start.
    package func releasePages(of tensor: GGUFTensor, bytes: Range<Int>) {
        let start = tensor.byteRange.lowerBound
        file.releasePages(in: start + bytes.lowerBound..<start + bytes.upperBound)
    }
}
