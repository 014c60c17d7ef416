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
    private(set) var texts: [String: String] = [:]
    private(set) var numbers: [String: Int] = [:]

    init(_ bytes: Data, path: String) throws(VerificationError) {
        self.path = path
        self.bytes = bytes
        var cursor = Cursor(bytes: bytes, path: path)
        guard try cursor.take(4) == Array("GGUF".utf8), try cursor.number(4) == 3 else {
            throw VerificationError(path, "no GGUF file of version 3")
        }
        let (tensorCount, keyCount) = (try cursor.count(), try cursor.count())
        for _ in 0..<keyCount {
            let key = try cursor.text()
            switch try cursor.value(ofType: cursor.number(4)) {
            case .text(let text): texts[key] = text
            case .number(let number): numbers[key] = number
            case .other: break
            }
        }
        var found: [(name: String, shape: [Int], layout: GGUFBlockLayout, offset: Int)] = []
        for _ in 0..<tensorCount {
            let name = try cursor.text()
            var shape: [Int] = []
            let dimensions = try cursor.number(4)
            guard (1...4).contains(dimensions) else {
                throw VerificationError(path, "tensor \(name): \(dimensions) dimensions, expected 1 to 4")
            }
            for _ in 0..<dimensions { shape.insert(try cursor.count(), at: 0) }
            let type = try cursor.number(4)
            guard let layout = GGUFBlockLayout(type), shape.allSatisfy({ $0 > 0 }),
                (shape.last ?? 0).isMultiple(of: layout.count)
            else { throw VerificationError(path, "tensor \(name): \(shape) of type \(type)") }
            found.append((name, shape, layout, try cursor.count()))
        }
        let alignment = numbers["general.alignment"] ?? 32
        guard (1...1 << 32).contains(alignment) else {
            throw VerificationError(path, "general.alignment \(alignment)")
        }
        let data = (cursor.place + alignment - 1) / alignment * alignment
        for (name, shape, layout, offset) in found {
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

    /// The numbers of a row, exact. A tensor of one dimension is one row.
    func row(_ index: Int, of tensor: Tensor) -> [Double] {
        let first = bytes.startIndex + tensor.start + index * tensor.rowBytes
        let row = [UInt8](bytes[first..<first + tensor.rowBytes])
        return stride(from: 0, to: row.count, by: tensor.layout.bytes).flatMap { start in
            tensor.layout.values(Array(row[start..<start + tensor.layout.bytes]))
        }
    }
}

extension GGUFReader {
    /// Metadata, as far as it is used.
    private enum Value {
        case text(String)
        case number(Int)
        case other
    }

    /// Reads from the front.
    private struct Cursor {
        let bytes: Data
        let path: String
        private(set) var place = 0

        init(bytes: Data, path: String) {
            self.bytes = bytes
            self.path = path
        }

        mutating func take(_ count: Int) throws(VerificationError) -> [UInt8] {
            guard count >= 0, count <= bytes.count - place else {
                throw VerificationError(path, "ends within its header")
            }
            defer { place += count }
            let start = bytes.startIndex + place
            return [UInt8](bytes[start..<start + count])
        }

        mutating func number(_ width: Int) throws(VerificationError) -> UInt64 {
            try take(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        mutating func count() throws(VerificationError) -> Int {
            let number = try number(8)
            guard let count = Int(exactly: number), count <= 1 << 56 else {
                throw VerificationError(path, "a count of \(number)")
            }
            return count
        }

        mutating func text() throws(VerificationError) -> String {
            String(decoding: try take(try count()), as: UTF8.self)
        }

        mutating func value(ofType type: UInt64) throws(VerificationError) -> Value {
            switch type {
            case 0, 1, 7: return .number(Int(try number(1)))
            case 2, 3: return .number(Int(try number(2)))
            case 4, 5: return .number(Int(try number(4)))
            case 6: _ = try take(4)
            case 8: return .text(try text())
            case 9:
                let (element, count) = (try number(4), try count())
                guard element != 9 else { throw VerificationError(path, "an array of arrays") }
                for _ in 0..<count { _ = try value(ofType: element) }
            case 10, 11: return .number(Int(truncatingIfNeeded: try number(8)))
            case 12: _ = try take(8)
            default: throw VerificationError(path, "metadata of type \(type)")
            }
            return .other
        }
    }
}
