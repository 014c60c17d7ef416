import AdaDimLinearAlgebra
import Synchronization
import Testing

/// Columns to rows and back, in tiles: sizes on both sides of a tile's.
@Suite("Matrices on their way between columns and rows")
struct TransposingTests {
    private static let shapes = [(1, 1), (31, 63), (32, 64), (33, 65), (5, 200), (130, 3), (0, 4), (4, 0)]

    @Test(arguments: shapes) func rowsOfColumns(_ rows: Int, _ columns: Int) {
        let matrix = Matrix(rows: rows, columns: columns) { Float($0 * columns + $1) }
        var bytes = [UInt8](repeating: 0xaa, count: rows * columns * 4 + 1)
        // An odd address.
        bytes.withUnsafeMutableBytes { bytes in
            matrix.withView { $0.writeRowMajor(to: UnsafeMutableRawBufferPointer(rebasing: bytes[1...])) }
        }
        let found = bytes.withUnsafeBytes { bytes in
            (0..<rows * columns).map { bytes.loadUnaligned(fromByteOffset: 1 + 4 * $0, as: Float.self) }
        }
        #expect(found == (0..<rows * columns).map(Float.init))
        #expect(bytes[0] == 0xaa)
    }

    @Test(arguments: shapes, StoredFloat.allCases)
    func thereAndBack(_ shape: (Int, Int), _ type: StoredFloat) throws {
        let matrix = Matrix(rows: shape.0, columns: shape.1) { Float(($0 * 7 + $1 * 3) % 101) - 50 }
        var bytes = [UInt8](repeating: 0, count: matrix.count * type.byteWidth)
        let written = bytes.withUnsafeMutableBytes { bytes in matrix.withView { $0.writeRowMajor(to: bytes, as: type) }
        }
        #expect(written)
        var back = Matrix<Float>(repeating: .nan, rows: shape.0, columns: shape.1)
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let stored = StoredMatrix(base: base, type: type, rows: shape.0, columns: shape.1)
            #expect(back.withMutableView { stored.read(into: $0) })
        }
        #expect(back == matrix)
    }

    @Test func whatATypeCannotHoldIsNoticed() {
        var matrix = Matrix<Float>(repeating: 1, rows: 40, columns: 70)
        matrix[39, 69] = 70_000
        for type in StoredFloat.allCases {
            var bytes = [UInt8](repeating: 0, count: matrix.count * type.byteWidth)
            let finite = bytes.withUnsafeMutableBytes { bytes in
                matrix.withView { $0.writeRowMajor(to: bytes, as: type) }
            }
            #expect(finite == (type != .float16))
        }
    }

    @Test(arguments: StoredFloat.allCases) func roundingSaysWhatIsFinite(_ type: StoredFloat) {
        var numbers: [Float] = [1.000_1, -3.14159, 0, 65_000]
        let expected = numbers.map(type.rounded)
        #expect(numbers.withUnsafeMutableBufferPointer { type.round($0.baseAddress!, count: 4) })
        #expect(numbers == expected)
        numbers[1] = -.infinity
        #expect(!numbers.withUnsafeMutableBufferPointer { type.round($0.baseAddress!, count: 4) })
    }
}
