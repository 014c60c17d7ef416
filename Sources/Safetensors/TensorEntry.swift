/// One tensor's entry in a safetensors header.
package struct TensorEntry: Sendable, Equatable {
    package let name: String
    package let elementType: TensorElementType
    /// Sizes, outermost first: elements are row-major.
    package let shape: [Int]
    /// The range of the elements, in bytes from the start of the file.
    package let byteRange: Range<Int>

    package init(name: String, elementType: TensorElementType, shape: [Int], byteRange: Range<Int>) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.byteRange = byteRange
    }
}
