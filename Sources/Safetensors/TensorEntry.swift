/// What a safetensors header says of one tensor.
package struct TensorEntry: Sendable, Equatable {
    package let name: String
    package let elementType: TensorElementType
    /// Sizes, outermost first: elements lie row-major.
    package let shape: [Int]
    /// Where the elements lie, in bytes from the start of the file.
    package let byteRange: Range<Int>

    package init(name: String, elementType: TensorElementType, shape: [Int], byteRange: Range<Int>) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.byteRange = byteRange
    }
}
