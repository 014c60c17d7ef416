import AdaDimSafetensors

/// What a quantized model's tensors are written into: shards with their index, or a single file. A format writes the
/// layers that it packs; all that nothing is written for, the container carries over.
package protocol TensorContainer: AnyObject {
    /// What a user should know before anything is written, a sentence each.
    var remarks: [String] { get }

    /// What is wrong with tensors that were carried over, a sentence each.
    var notices: [String] { get }

    /// Writes a tensor that replaces one of the model's, by itself or with others. Names are this project's; the files get
    /// the model's.
    /// - Parameter body: appends the tensor's bytes.
    func write(
        _ tensor: PlannedTensor, insteadOf original: String, _ body: (any TensorBytes) throws -> Void
    ) throws

    /// Carries over every tensor that nothing was written for, and finishes the files.
    func finish() throws
}

extension TensorContainer {
    package var remarks: [String] { [] }

    /// Writes a tensor whose elements are at hand.
    package func write<Element: BitwiseCopyable>(
        _ tensor: PlannedTensor, insteadOf original: String, _ elements: [Element]
    ) throws {
        try write(tensor, insteadOf: original) { try $0.append(elements) }
    }
}

/// A tensor that is to be written.
package struct PlannedTensor: Sendable, Equatable {
    package let name: String
    package let type: TensorType
    package let shape: [Int]

    package init(_ name: String, _ type: TensorType, _ shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
    }

    package init(_ name: String, _ elementType: TensorElementType, _ shape: [Int]) {
        self.init(name, .elements(elementType), shape)
    }
}

/// Takes a tensor's bytes in any portions: row-major, little-endian.
package protocol TensorBytes {
    func append(_ bytes: UnsafeRawBufferPointer) throws
}

extension TensorBytes {
    package func append<Element: BitwiseCopyable>(_ elements: [Element]) throws {
        try elements.withUnsafeBytes { try append($0) }
    }
}

extension SafetensorsWriter: TensorBytes {}

/// The containers that there are.
package enum ContainerKind: Sendable, Equatable {
    /// model.safetensors, or shards and the index that lists them, as the model has them.
    case safetensors
    /// One file, model.gguf.
    /// - Parameter fileType: `general.file_type`, by which programs name the file; nil to find it by what the file holds.
    case gguf(fileType: UInt32? = nil)
}
