import AdaDimFiles

/// Writes a safetensors file tensor by tensor, in any portions, without holding data in memory.
///
/// Room for the header is reserved at the start of the file and filled by ``finish()``, padded with spaces; until
/// then the file begins with zeros, which no reader takes for a header. Data begin on a multiple of 8 bytes.
package final class SafetensorsWriter {
    package let path: String
    private let output: OutputFile
    private let reservedBytes: Int
    private var header: String
    private var names: Set<String> = []
    private var dataBytes = 0
    /// The tensor being written, and the bytes that it still lacks.
    private var current: (name: String, missing: Int, total: Int)?

    /// Bytes that hold the header of these tensors for sure, offsets as long as they can be.
    package static func headerCapacity(
        for tensors: some Sequence<(name: String, elementType: TensorElementType, shape: [Int])>,
        metadata: [String: String] = [:]
    ) -> Int {
        var text = headerStart(metadata)
        for tensor in tensors {
            text += entry(tensor.name, tensor.elementType, tensor.shape, Int.max - 1..<Int.max, after: text)
        }
        return padded(text.utf8.count + 1)
    }

    /// Creates the file, which must not exist.
    /// - Parameter headerCapacity: bytes kept for the header, as ``headerCapacity(for:metadata:)`` counts them.
    package init(path: String, headerCapacity: Int, metadata: [String: String] = [:]) throws(SafetensorsError) {
        self.path = path
        reservedBytes = Self.padded(max(headerCapacity, 2))
        header = Self.headerStart(metadata)
        output = try Self.naming(path) { () throws(FileFailure) in try OutputFile(creating: path) }
        try write { (output) throws(FileFailure) in try output.append([UInt8](repeating: 0, count: 8 + reservedBytes)) }
    }

    /// Begins a tensor; its bytes follow by ``append(_:)``.
    package func begin(_ name: String, _ elementType: TensorElementType, shape: [Int]) throws(SafetensorsError) {
        try checkComplete()
        guard name != "__metadata__" else {
            throw failure(.badEntry(tensor: name, reason: "this name is the format's own"))
        }
        guard !names.contains(name) else { throw failure(.alreadyWritten(tensor: name)) }
        guard shape.allSatisfy({ $0 >= 0 }) else { throw failure(.negativeSize(tensor: name, shape: shape)) }
        guard let bytes = elementType.byteCount(of: shape), bytes <= Int.max - dataBytes else {
            throw failure(.sizeOverflow(tensor: name, shape: shape, elementType: elementType))
        }
        let entry = Self.entry(name, elementType, shape, dataBytes..<dataBytes + bytes, after: header)
        let needed = header.utf8.count + entry.utf8.count + 1
        guard needed <= reservedBytes else {
            throw failure(.headerOutgrewReservation(bytes: needed, reserved: reservedBytes))
        }
        header += entry
        names.insert(name)
        dataBytes += bytes
        current = (name, bytes, bytes)
    }

    /// Appends bytes to the tensor begun last: row-major, little-endian.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
        guard let tensor = current else { throw failure(.noTensorBegun) }
        guard bytes.count <= tensor.missing else {
            let found = tensor.total - tensor.missing + bytes.count
            throw failure(.wrongByteCount(tensor: tensor.name, found: found, expected: tensor.total))
        }
        try write { (output) throws(FileFailure) in try output.append(bytes) }
        current?.missing -= bytes.count
    }

    /// Appends elements to the tensor begun last.
    package func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(SafetensorsError) {
        try elements.withUnsafeBytes { bytes in
            Result { () throws(SafetensorsError) in try append(bytes) }
        }.get()
    }

    /// Writes the header, writes everything to the disk and closes the file. The writer accepts nothing more.
    package func finish() throws(SafetensorsError) {
        try checkComplete()
        var start = withUnsafeBytes(of: UInt64(reservedBytes).littleEndian) { [UInt8]($0) }
        start += (header + "}").utf8
        start += repeatElement(UInt8(ascii: " "), count: 8 + reservedBytes - start.count)
        try write { (output) throws(FileFailure) in
            try output.replaceStart(with: start)
            try output.synchronizeAndClose()
        }
    }

    private func write(_ body: (OutputFile) throws(FileFailure) -> Void) throws(SafetensorsError) {
        try Self.naming(path) { () throws(FileFailure) in try body(output) }
    }

    private static func naming<Result>(
        _ path: String, _ body: () throws(FileFailure) -> Result
    ) throws(SafetensorsError) -> Result {
        do {
            return try body()
        } catch {
            throw SafetensorsError(file: path, .unwritable(operation: error.operation, reason: error.reason))
        }
    }

    private func checkComplete() throws(SafetensorsError) {
        guard let tensor = current, tensor.missing > 0 else { return }
        let found = tensor.total - tensor.missing
        throw failure(.wrongByteCount(tensor: tensor.name, found: found, expected: tensor.total))
    }

    private func failure(_ problem: SafetensorsError.Problem) -> SafetensorsError {
        SafetensorsError(file: path, problem)
    }

    // MARK: The header's text, without its closing brace

    private static func headerStart(_ metadata: [String: String]) -> String {
        guard !metadata.isEmpty else { return "{" }
        let members = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
        return "{\"__metadata__\":{\(members.joined(separator: ","))}"
    }

    private static func entry(
        _ name: String, _ elementType: TensorElementType, _ shape: [Int], _ bytes: Range<Int>, after header: String
    ) -> String {
        let sizes = shape.map(String.init).joined(separator: ",")
        return (header == "{" ? "" : ",") + quoted(name)
            + ":{\"dtype\":\"\(elementType.rawValue)\",\"shape\":[\(sizes)],"
            + "\"data_offsets\":[\(bytes.lowerBound),\(bytes.upperBound)]}"
    }

    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    private static func padded(_ bytes: Int) -> Int { (bytes + 7) / 8 * 8 }
}
