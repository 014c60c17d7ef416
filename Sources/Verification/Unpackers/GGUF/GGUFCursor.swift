/// Reads a GGUF file's header from the front. What a file says of a size is compared with the bytes that are left before it is
/// believed: nothing is kept but names and single values, so memory is a small multiple of the header.
struct GGUFCursor {
    let path: String
    private let bytes: UnsafeRawBufferPointer
    private(set) var place = 0

    /// Metadata, as far as they are used.
    enum Value {
        case text(String)
        case number(Int)
        case other
    }

    init(_ bytes: UnsafeRawBufferPointer, path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// Passes over some bytes.
    /// - Returns: where they are.
    private mutating func take(_ count: Int) throws(VerificationError) -> Range<Int> {
        guard count >= 0, count <= bytes.count - place else { throw ended }
        defer { place += count }
        return place..<place + count
    }

    private var ended: VerificationError { VerificationError(path, "ends within its header") }

    /// The next number of some bytes, the lowest first.
    mutating func number(_ width: Int) throws(VerificationError) -> UInt64 {
        var number: UInt64 = 0
        for place in try take(width).reversed() { number = number << 8 | UInt64(bytes[place]) }
        return number
    }

    /// A number of things or of bytes.
    mutating func count() throws(VerificationError) -> Int {
        let number = try number(8)
        guard let count = Int(exactly: number), count <= 1 << 56 else {
            throw VerificationError(path, "a count of \(number)")
        }
        return count
    }

    mutating func text() throws(VerificationError) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes[try take(count())]), as: UTF8.self)
    }

    /// A type, and a value of it.
    mutating func value() throws(VerificationError) -> Value {
        let type = try number(4)
        switch type {
        case 8: return .text(try text())
        case 9: try skipArray()
        case 6, 12: _ = try take(width(ofType: type))
        default: return .number(Int(truncatingIfNeeded: try number(width(ofType: type))))
        }
        return .other
    }

    /// Passes over an array: of numbers at once, of texts one after another. No element is kept.
    private mutating func skipArray() throws(VerificationError) {
        let (type, count) = (try number(4), try count())
        guard type != 9 else { throw VerificationError(path, "an array of arrays") }
        guard type == 8 else {
            let (size, overflow) = try count.multipliedReportingOverflow(by: width(ofType: type))
            guard !overflow else { throw ended }
            _ = try take(size)
            return
        }
        for _ in 0..<count { _ = try take(self.count()) }
    }

    /// Bytes of a number or a boolean.
    private func width(ofType type: UInt64) throws(VerificationError) -> Int {
        switch type {
        case 0, 1, 7: 1
        case 2, 3: 2
        case 4, 5, 6: 4
        case 10, 11, 12: 8
        default: throw VerificationError(path, "metadata of type \(type)")
        }
    }
}
