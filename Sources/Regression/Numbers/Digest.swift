import AdaDimLinearAlgebra

/// A 64-bit digest of numbers, to check whether two are the same to the last bit. Not for keeping secrets.
package struct Digest: Sendable {
    private var state: UInt64 = 0x243f_6a88_85a3_08d3

    package mutating func add(_ word: UInt64) {
        // Two multiplications by odd numbers and shifts between: every bit of the word reaches every bit of the state.
        state = (state ^ word) &* 0x9fb2_1c65_1e98_df25
        state ^= state >> 32
        state = state &* 0xd6e8_feb8_6659_fd93
        state ^= state >> 29
    }

    package var value: UInt64 { state }

    /// Sixteen digits, as baselines spell it.
    package var text: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    package static func of(_ bytes: [UInt8]) -> UInt64 {
        var digest = Digest()
        digest.add(bytes: bytes)
        return digest.value
    }

    /// Eight bytes at a time, then the remaining ones, then their number.
    package mutating func add(bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            let whole = buffer.count / 8 * 8
            for start in stride(from: 0, to: whole, by: 8) {
                add(UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
            }
            for byte in buffer[whole...] { add(UInt64(byte)) }
        }
        add(UInt64(bytes.count))
    }

    package static func text(_ matrix: Matrix<Double>) -> String {
        var digest = Digest(shape: (matrix.rows, matrix.columns))
        for j in 0..<matrix.columns { for i in 0..<matrix.rows { digest.add(matrix[i, j].bitPattern) } }
        return digest.text
    }

    package static func text(_ matrix: Matrix<Float>) -> String {
        var digest = Digest(shape: (matrix.rows, matrix.columns))
        for j in 0..<matrix.columns {
            for i in 0..<matrix.rows { digest.add(UInt64(matrix[i, j].bitPattern)) }
        }
        return digest.text
    }

    package static func text(_ matrix: Matrix<UInt8>) -> String {
        var digest = Digest(shape: (matrix.rows, matrix.columns))
        digest.add(bytes: matrix.columnMajorElements)
        return digest.text
    }

    package init() {}

    private init(shape: (rows: Int, columns: Int)) {
        add(UInt64(shape.rows))
        add(UInt64(shape.columns))
    }
}
