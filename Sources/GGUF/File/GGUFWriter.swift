import AdaDimFiles

/// Writes a GGUF file of version 3 tensor by tensor, in any order and any portions, without holding data in memory.
///
/// Which tensors there are, and their shapes, is known at the start; of what type each is, when it comes. The header's length
/// does not depend on the types, so that room for it is kept at the start of the file and filled by ``finish(setting:)``; until
/// then the file begins with zeros, which no reader takes for a GGUF file.
package final class GGUFWriter {
    /// A tensor that will be written.
    package struct Plan: Sendable, Equatable {
        package let name: String
        /// Outermost first.
        package let shape: [Int]

        package init(_ name: String, _ shape: [Int]) {
            self.name = name
            self.shape = shape
        }
    }

    package let path: String
    private var metadata: [(key: String, value: GGUFValue)]
    private let shapes: [String: [Int]]
    private let order: [String]
    private let headerBytes: Int
    private let output: OutputFile
    private var written: [(name: String, shape: [Int], type: GGUFTensorType, offset: Int)] = []
    private var names: Set<String> = []
    private var dataBytes = 0
    /// The tensor being written, and the bytes that it still lacks.
    private var current: (name: String, missing: Int, total: Int)?

    /// Creates the file, which must not exist.
    /// - Parameters:
    ///   - metadata: all keys, each once; ``finish(setting:)`` may change values of a fixed length.
    ///   - tensors: all tensors that will be written.
    package init(
        path: String, metadata: [(key: String, value: GGUFValue)], tensors: [Plan]
    ) throws(GGUFError) {
        self.path = path
        self.metadata = metadata
        var shapes: [String: [Int]] = [:]
        for tensor in tensors where shapes.updateValue(tensor.shape, forKey: tensor.name) != nil {
            throw GGUFError(file: path, .duplicateTensor(tensor.name))
        }
        var keys: Set<String> = []
        for (key, _) in metadata where !keys.insert(key).inserted { throw GGUFError(file: path, .duplicateKey(key)) }
        self.shapes = shapes
        order = tensors.map(\.name)
        headerBytes = HeaderBytes(metadata, tensors.map { ($0.name, $0.shape, .float32, 0) }).bytes.count
        output = try Self.naming(path) { () throws(FileFailure) in try OutputFile(creating: path) }
        // Some files of a model are gigabytes; headers are some megabytes.
        try write([UInt8](repeating: 0, count: headerBytes))
    }

    /// Begins a tensor; its bytes follow by ``append(_:)``.
    package func begin(_ name: String, _ type: GGUFTensorType, shape: [Int]) throws(GGUFError) {
        try checkComplete()
        guard let planned = shapes[name] else { throw failure(.notPlanned(tensor: name)) }
        guard planned == shape else { throw failure(.otherShape(tensor: name, found: shape, planned: planned)) }
        guard !names.contains(name) else { throw failure(.alreadyWritten(tensor: name)) }
        let total: Int
        guard (1...4).contains(shape.count) else {
            throw failure(.dimensions(tensor: name, found: UInt32(clamping: shape.count)))
        }
        do {
            total = try type.byteCount(ofTensor: name, shape: shape.map { UInt64(clamping: $0) })
        } catch {
            throw failure(error)
        }
        let padded = GGUFHeader.padded(dataBytes, to: GGUFHeader.defaultAlignment)
        try write([UInt8](repeating: 0, count: padded - dataBytes))
        names.insert(name)
        written.append((name, shape, type, padded))
        dataBytes = padded + total
        current = (name, total, total)
    }

    /// Appends bytes of the tensor that was begun last.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(GGUFError) {
        guard let tensor = current else { throw failure(.noTensorBegun) }
        guard bytes.count <= tensor.missing else {
            throw failure(
                .wrongByteCount(
                    tensor: tensor.name, found: tensor.total - tensor.missing + bytes.count, expected: tensor.total))
        }
        try Self.naming(path) { () throws(FileFailure) in try output.append(bytes) }
        current?.missing -= bytes.count
    }

    /// Fills the header and closes the file.
    /// - Parameter changes: values of keys that became known only now, each as long as before.
    package func finish(setting changes: [(key: String, value: GGUFValue)] = []) throws(GGUFError) {
        try checkComplete()
        if let missing = order.first(where: { !names.contains($0) }) { throw failure(.notWritten(tensor: missing)) }
        for (key, value) in changes {
            guard let place = metadata.firstIndex(where: { $0.key == key }) else {
                throw failure(.missingKey(key: key, expected: "one that was planned"))
            }
            metadata[place].value = value
        }
        // llama.cpp's reader expects the last tensor to be padded, too.
        let padded = GGUFHeader.padded(dataBytes, to: GGUFHeader.defaultAlignment)
        try write([UInt8](repeating: 0, count: padded - dataBytes))
        let header = HeaderBytes(metadata, written).bytes
        guard header.count == headerBytes else {
            throw failure(.otherHeaderSize(found: header.count, planned: headerBytes))
        }
        try Self.naming(path) { () throws(FileFailure) in
            try output.replaceStart(with: header)
            try output.synchronizeAndClose()
        }
    }

    private func write(_ bytes: [UInt8]) throws(GGUFError) {
        try Self.naming(path) { () throws(FileFailure) in try output.append(bytes) }
    }

    private func checkComplete() throws(GGUFError) {
        guard let tensor = current, tensor.missing > 0 else { return }
        throw failure(
            .wrongByteCount(tensor: tensor.name, found: tensor.total - tensor.missing, expected: tensor.total))
    }

    private static func naming<Result>(
        _ path: String, _ body: () throws(FileFailure) -> Result
    ) throws(GGUFError) -> Result {
        do {
            return try body()
        } catch {
            throw GGUFError(file: path, .unwritable(operation: error.operation, reason: error.reason))
        }
    }

    private func failure(_ problem: GGUFError.Problem) -> GGUFError { GGUFError(file: path, problem) }
}
