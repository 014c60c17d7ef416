/// A tensor of a GGUF file.
package struct GGUFTensor: Sendable, Equatable {
    package let name: String
    package let type: GGUFTensorType
    /// Sizes, outermost first, as this project has them; files have the innermost first.
    package let shape: [Int]
    /// The range of its data, in bytes from the start of the file.
    package let byteRange: Range<Int>

    package init(name: String, type: GGUFTensorType, shape: [Int], byteRange: Range<Int>) {
        self.name = name
        self.type = type
        self.shape = shape
        self.byteRange = byteRange
    }
}

extension GGUFTensorType {
    /// Bytes of a tensor of this type.
    /// - Parameter shape: outermost first.
    func byteCount(ofTensor name: String, shape: [UInt64]) throws(GGUFError.Problem) -> Int {
        func overflow() -> GGUFError.Problem { .sizeOverflow(tensor: name, shape: shape, type: self.name) }
        guard let last = shape.last, let row = Int(exactly: last) else { throw overflow() }
        guard row.isMultiple(of: blockLength) else {
            throw .partialBlocks(tensor: name, rowLength: row, type: self.name, blockLength: blockLength)
        }
        // The bytes of a row first: with another size of 0 the tensor has none, and a row would still be beyond all numbers.
        var bytes = row / blockLength
        for size in [UInt64(blockBytes)] + shape.dropLast().reversed() {
            guard let size = Int(exactly: size) else { throw overflow() }
            let (product, overflows) = bytes.multipliedReportingOverflow(by: size)
            guard !overflows else { throw overflow() }
            bytes = product
        }
        return bytes
    }
}
