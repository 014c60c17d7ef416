import Foundation

/// A GGUF file read a second time: header, metadata, the list of tensors, then their bytes.
/// <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>
struct GGUFReader: Sendable {
    struct Tensor: Sendable {
        let name: String
        /// Outermost size first, the other way round than in the file.
        let shape: [Int]
        let layout: GGUFBlockLayout
        /// Of its first byte in the file.
        let start: Int

        var columns: Int { shape.last ?? 1 }
        /// The outermost size, which is what heads are counted in: the rows of a weight, the elements of a bias.
        var outermost: Int { shape.first ?? 1 }
        var rowBytes: Int { columns / layout.count * layout.bytes }
    }

    let path: String
    private let bytes: Data
    private(set) var tensors: [String: Tensor] = [:]
    /// Metadata of the two kinds that are asked for.
    let texts: [String: String]
    let numbers: [String: Int]

    init(_ bytes: Data, path: String) throws(VerificationError) {
        self.path = path
        self.bytes = bytes
        let header = try bytes.withUnsafeBytes { bytes in
            Result { () throws(VerificationError) in try GGUFHeaderFields(GGUFCursor(bytes, path: path)) }
        }.get()
        (texts, numbers) = (header.texts, header.numbers)
        let alignment = numbers["general.alignment"] ?? 32
        guard (1...1 << 32).contains(alignment) else {
            throw VerificationError(path, "general.alignment \(alignment)")
        }
        let data = (header.byteCount + alignment - 1) / alignment * alignment
        for (name, shape, layout, offset) in header.tensors {
            guard tensors[name] == nil else { throw VerificationError(path, "tensor \(name) is there twice") }
            let tensor = Tensor(name: name, shape: shape, layout: layout, start: data + offset)
            var size = tensor.rowBytes
            for length in shape.dropLast() {
                let (product, overflow) = size.multipliedReportingOverflow(by: length)
                guard !overflow else { throw VerificationError(path, "tensor \(name): shape \(shape)") }
                size = product
            }
            guard tensor.start <= bytes.count, size <= bytes.count - tensor.start else {
                throw VerificationError(path, "tensor \(name) ends behind the file's end")
            }
            tensors[name] = tensor
        }
    }

    /// The numbers of some rows, one after another, exact. A tensor of one dimension is one row.
    func values(of tensor: Tensor, rows: some Collection<Int>) -> [Double] {
        bytes.withUnsafeBytes { bytes in
            let (bytes, layout) = (TensorBytes(bytes), tensor.layout)
            var values: [Double] = []
            values.reserveCapacity(rows.count * tensor.columns)
            for row in rows {
                let first = tensor.start + row * tensor.rowBytes
                for start in stride(from: first, to: first + tensor.rowBytes, by: layout.bytes) {
                    layout.append(bytes[start..<start + layout.bytes], to: &values)
                }
            }
            return values
        }
    }
}
