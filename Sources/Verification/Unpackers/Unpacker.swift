/// A model's files of one format, read by a second path: plain loops, written from the format's description and sharing no code
/// with the readers and writers that it checks. A format adds one file to `Unpackers/`, and one line to `Unpackers+Registry.swift`.
package protocol Unpacker: Sendable {
    /// Opens a directory; nil where it is of another format.
    /// - Throws: ``VerificationError`` for files of this format that cannot be read.
    static func open(_ files: ModelFiles) throws(VerificationError) -> (any Unpacker)?

    /// The format, for people.
    var format: String { get }

    /// The tensors that a loader of the format has in the end, by the names of Hugging Face's files: that of a packed layer L
    /// is L.weight.
    var tensors: [String] { get }

    /// Shape and type of one of ``tensors``.
    func description(of name: String) throws(VerificationError) -> TensorDescription

    /// Rows of one of ``tensors``, row-major: a tensor of one dimension is one row. Numbers are exact; a loader rounds them to
    /// ``TensorDescription/type``.
    func values(of name: String, rows: Range<Int>) throws(VerificationError) -> [Double]
}

/// A tensor as a loader has it.
package struct TensorDescription: Sendable, Equatable {
    /// Outermost size first.
    package let shape: [Int]
    /// What a loader computes with; nil for tensors that hold no floats, whose values are not asked for.
    package let type: NumberType?
    /// Whether its numbers are packed in the file.
    package let isPacked: Bool

    package init(shape: [Int], type: NumberType?, isPacked: Bool) {
        self.shape = shape
        self.type = type
        self.isPacked = isPacked
    }

    /// All but the last size multiplied; 1 for one dimension or none.
    package var rows: Int { shape.dropLast().reduce(1, *) }
    /// The last size; 1 for none.
    package var columns: Int { shape.last ?? 1 }
}
