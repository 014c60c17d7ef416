import AdaDimFormats
import AdaDimGGUF
import AdaDimSafetensors

/// A GGUF file as a model's weights: under this project's names, and with the rows of queries and keys in the model's order.
/// Tensors that a model does not have, such as llama.cpp's factors of rotary frequencies, are passed over.
final class GGUFWeights: WeightFile {
    let path: String
    let tensors: [TensorEntry]
    private let file: GGUFFile
    private let stored: [String: (tensor: GGUFTensor, rowsPerHead: Int?)]

    /// - Throws: ``CheckpointError/gguf(_:)``, ``CheckpointError/notKnownToGGUF(file:modelType:)``.
    init(path: String, _ configuration: ModelConfiguration) throws(CheckpointError) {
        self.path = path
        do { file = try GGUFFile(path: path) } catch { throw .gguf(error) }
        guard let naming = GGUFNaming(configuration) else {
            throw .notKnownToGGUF(file: path, modelType: configuration.modelType)
        }
        try Self.checkArchitecture(file, naming)
        let names = naming.names
        var stored: [String: (tensor: GGUFTensor, rowsPerHead: Int?)] = [:]
        var entries: [TensorEntry] = []
        for tensor in file.tensors {
            guard let name = names[tensor.name], let shape = Self.byteShape(tensor) else { continue }
            let rowsPerHead = naming[name]?.rowsPerHead
            if let rowsPerHead, !(shape.first ?? 0).isMultiple(of: rowsPerHead) {
                throw .wrongShape(
                    tensor: tensor.name, file: path, found: tensor.shape,
                    expected: "whole heads of \(rowsPerHead) rows")
            }
            stored[name] = (tensor, rowsPerHead)
            entries.append(
                TensorEntry(
                    name: name, elementType: Self.elementType(tensor.type), shape: shape, byteRange: tensor.byteRange))
        }
        self.stored = stored
        tensors = entries
    }

    private static func checkArchitecture(_ file: GGUFFile, _ naming: GGUFNaming) throws(CheckpointError) {
        let (key, expected) = ("general.architecture", naming.description.architecture)
        let found = file.header[key]
        guard found?.string == expected else {
            throw .gguf(
                GGUFError(
                    file: file.path,
                    found.map { .wrongValue(key: key, found: $0.summary, expected: "\"\(expected)\"") }
                        ?? .missingKey(key: key, expected: "\"\(expected)\"")))
        }
    }

    /// The shape of a tensor's elements; of one in blocks, that of its bytes.
    private static func byteShape(_ tensor: GGUFTensor) -> [Int]? {
        guard tensor.type.blockLength > 1, let columns = tensor.shape.last else { return tensor.shape }
        return tensor.shape.dropLast() + [tensor.type.rowBytes(columns)]
    }

    private static func elementType(_ type: GGUFTensorType) -> TensorElementType {
        switch type {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .float64: .float64
        case .signed8: .signed8
        case .signed16: .signed16
        case .signed32: .signed32
        case .signed64: .signed64
        case .q40, .q41, .q50, .q51, .q80, .q2K, .q3K, .q4K, .q5K, .q6K, .iq4NL, .iq4XS: .unsigned8
        }
    }

    func type(of tensor: TensorEntry) -> TensorType {
        guard let type = stored[tensor.name]?.tensor.type, type.blockLength > 1 else {
            return .elements(tensor.elementType)
        }
        return TensorType(type)
    }

    func withBytes<Result, Failure: Error>(
        of tensor: TensorEntry, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let place = stored[tensor.name] else { preconditionFailure("a tensor \(tensor.name) of another file") }
        let stored = place.tensor
        guard let rowsPerHead = place.rowsPerHead, let rows = tensor.shape.first, rows > 0 else {
            return try file.withBytes(of: stored, body)
        }
        let rowBytes = stored.byteRange.count / rows
        let ordered = file.withBytes(of: stored) { bytes in
            [UInt8](unsafeUninitializedCapacity: bytes.count) { target, count in
                count = bytes.count
                guard let source = bytes.baseAddress, let start = target.baseAddress else { return }
                for row in 0..<rows {
                    let head = row / rowsPerHead * rowsPerHead
                    let place = head + GGUFNaming.place(ofRow: row - head, inHeadOf: rowsPerHead)
                    UnsafeMutableRawPointer(start + row * rowBytes)
                        .copyMemory(from: source + place * rowBytes, byteCount: rowBytes)
                }
            }
        }
        // The typed error through a rethrowing call.
        return try ordered.withUnsafeBytes { bytes in
            Swift.Result<Result, Failure> { () throws(Failure) in try body(bytes) }
        }.get()
    }

    func releasePages(of tensor: TensorEntry, bytes: Range<Int>) {
        if let stored = stored[tensor.name]?.tensor { file.releasePages(of: stored, bytes: bytes) }
    }
}
