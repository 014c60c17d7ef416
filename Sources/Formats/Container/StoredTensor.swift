import AdaDimLinearAlgebra
import AdaDimSafetensors

/// A tensor in a file that is open for reading.
package protocol StoredTensor: Sendable {
    /// The tensor's name in the file.
    var name: String { get }
    /// The file's path.
    var path: String { get }
    /// Bytes, where numbers are stored in blocks.
    var elementType: TensorElementType { get }
    /// Sizes, outermost first: elements are row-major.
    var shape: [Int] { get }
    /// How the numbers are stored. Of blocks, elements and shape are those of the bytes.
    var type: TensorType { get }

    /// Calls `body` with the bytes, little-endian; they are valid only inside it and may be unaligned.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

/// Where tensors are read from: a checkpoint's files, of whatever container.
package protocol TensorSource {
    /// For errors.
    var place: String { get }
    /// What the files call a tensor, whether it is there or would be.
    func storedName(of name: String) -> String
    /// The tensor of this name; nil where there is none.
    func tensor(_ name: String) -> (any StoredTensor)?
}

extension TensorSource {
    /// The tensor of this name, which must be there.
    package func required(_ name: String) throws(FormatError) -> any StoredTensor {
        guard let tensor = tensor(name) else { throw .missingTensor(name: storedName(of: name), place: place) }
        return tensor
    }
}

extension FormatError {
    /// What is wrong with the contents of a tensor.
    package static func badContent(_ tensor: any StoredTensor, _ reason: String) -> FormatError {
        .badContent(tensor: tensor.name, file: tensor.path, reason: reason)
    }
}

extension StoredTensor {
    package var type: TensorType { .elements(elementType) }

    /// The type of a tensor that must hold floats.
    package func floatType() throws(FormatError) -> StoredFloat {
        guard let type = StoredFloat(elementType) else {
            throw .wrongElementType(
                tensor: name, file: path, found: elementType,
                expected: StoredFloat.allCases.map(\.elementType.rawValue).joined(separator: ", "))
        }
        return type
    }

    /// Checks type and shape.
    package func require(_ type: TensorElementType, _ sizes: [Int]) throws(FormatError) {
        guard elementType == type else {
            throw .wrongElementType(tensor: name, file: path, found: elementType, expected: type.rawValue)
        }
        guard shape == sizes else {
            throw .wrongShape(
                tensor: name, file: path, found: shape,
                expected: "[\(sizes.map(String.init).joined(separator: ", "))]")
        }
    }

    /// A tensor [rows, columns] of floats, widened and transposed once; all must be finite.
    package func matrix(_ type: StoredFloat, rows: Int, columns: Int) throws(FormatError) -> Matrix<Float> {
        try withBytes { bytes throws(FormatError) in
            var result = Matrix<Float>(uninitialized: rows, columns)
            // Without an address there are no elements either.
            guard let base = bytes.baseAddress else { return result }
            let stored = StoredMatrix(base: base, type: type, rows: rows, columns: columns)
            if !result.withMutableView({ stored.read(into: $0) }) {
                let found = stored.firstNotFinite(rows: 0..<rows)
                throw .notFinite(
                    tensor: name, file: path, value: found?.value ?? .nan,
                    index: found.map { [$0.row, $0.column] } ?? [])
            }
            return result
        }
    }
}
