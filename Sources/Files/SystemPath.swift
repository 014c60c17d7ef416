import Glibc

// Paths are bytes to the system, strings to Swift, and not all bytes are UTF-8. A byte that is not part of valid UTF-8
// becomes a scalar of its own in a string, from a plane for private use, and that byte again where the system is called:
// every path that comes from the system enters by `String(systemBytes:)`, and every path leaves by `systemBytes`. A name
// that holds such scalars itself, in valid UTF-8, is taken byte by byte, so that each path has one string and each
// string of one path has its bytes.

extension String {
    /// A path or a name as the system gives it.
    package init(systemBytes bytes: some Sequence<UInt8>) {
        let decoder = UTF8Decoder(bytes: Array(bytes))
        self.init(decoder.decode())
    }

    /// The same of bytes that end with a zero.
    package init(systemBytes pointer: UnsafePointer<CChar>) {
        let bytes = UnsafeBufferPointer(start: pointer, count: strlen(pointer))
        self.init(systemBytes: bytes.lazy.map { UInt8(bitPattern: $0) })
    }

    /// A path's bytes with a zero at the end, to be passed to the system. A path with a zero is invalid: an empty path
    /// is passed in its place, under which the system finds nothing.
    package var systemBytes: [CChar] {
        let bytes = pathBytes
        guard !bytes.contains(0) else { return [0] }
        return bytes.map { CChar(bitPattern: $0) } + [0]
    }

    /// A path's bytes.
    package var pathBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            if let byte = StrayByte.byte(of: scalar) { bytes.append(byte) } else { bytes += String(scalar).utf8 }
        }
        return bytes
    }

    /// A text in which bytes that are no UTF-8 stand as people write them, `\xE9`.
    package var withReadablePaths: String {
        guard unicodeScalars.contains(where: { StrayByte.byte(of: $0) != nil }) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if let byte = StrayByte.byte(of: scalar) {
                text += "\\x" + String(byte, radix: 16, uppercase: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

/// A byte of 0x80 or more that is no UTF-8, as a scalar.
private enum StrayByte {
    private static let base: UInt32 = 0x10FE00

    static func scalar(_ byte: UInt8) -> Unicode.Scalar { Unicode.Scalar(base + UInt32(byte)) ?? "\u{FFFD}" }

    static func byte(of scalar: Unicode.Scalar) -> UInt8? {
        (base + 0x80...base + 0xff).contains(scalar.value) ? UInt8(scalar.value - base) : nil
    }
}

private struct UTF8Decoder {
    let bytes: [UInt8]

    func decode() -> String {
        var text = String.UnicodeScalarView()
        var position = 0
        while position < bytes.count {
            if let (scalar, length) = scalar(at: position), StrayByte.byte(of: scalar) == nil {
                text.append(scalar)
                position += length
            } else {
                text.append(StrayByte.scalar(bytes[position]))
                position += 1
            }
        }
        return String(text)
    }

    /// The scalar that begins at a position, if it is valid there.
    private func scalar(at position: Int) -> (Unicode.Scalar, Int)? {
        let length: Int
        switch bytes[position] {
        case 0..<0x80: length = 1
        case 0xC2..<0xE0: length = 2
        case 0xE0..<0xF0: length = 3
        case 0xF0..<0xF5: length = 4
        default: return nil
        }
        guard position + length <= bytes.count,
            let text = String(validating: bytes[position..<position + length], as: UTF8.self),
            let scalar = text.unicodeScalars.first
        else { return nil }
        return (scalar, length)
    }
}
