import AdaDimGGUF
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import Foundation
import Testing

/// Blocks against PyPI's gguf: the values, and every bit on the way back (Goldens/make_goldens.py).
@Suite("Blocks of codes and scales")
struct BlockTests {
    struct Golden: Decodable, Sendable, CustomTestStringConvertible {
        let type: String
        let rows: Int
        let columns: Int
        let bytes: String
        let values: String
        var testDescription: String { type }

        /// By their bits.
        var floats: [UInt32] {
            let bytes = hexadecimal(values)
            return stride(from: 0, to: bytes.count, by: 4).map { start in
                (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
            }
        }
    }

    static let goldens: [Golden] = {
        guard let url = Bundle.module.url(forResource: "blocks", withExtension: "json", subdirectory: "Goldens"),
            let data = try? Data(contentsOf: url), let goldens = try? JSONDecoder().decode([Golden].self, from: data)
        else { return [] }
        return goldens
    }()

    @Test func allTypesHaveGoldens() {
        #expect(
            Set(Self.goldens.map(\.type))
                == Set(FlatBlocks.allCases.map(\.type.name) + TwoLevelType.allCases.map(\.rawValue)))
    }

    @Test(arguments: goldens.filter { golden in FlatBlocks.allCases.contains { $0.type.name == golden.type } })
    func flatBlocks(_ golden: Golden) throws {
        let blocks = try #require(FlatBlocks.allCases.first { $0.type.name == golden.type })
        let bytes = hexadecimal(golden.bytes)
        let content = try bytes.withUnsafeBytes { bytes in
            Result { () throws(BlockError) in try blocks.unpacked(bytes, columns: golden.columns) }
        }.get()
        let middle = blocks == .q40 ? 8 : blocks == .q80 ? 128 : 0
        let values = content.codes.enumerated().map { place, code -> UInt32 in
            let block = place / FlatBlocks.length
            let product = content.scales[block] * Float(Int(code) - middle)
            return (blocks.hasOffsets ? product + content.offsets[block] : product).bitPattern
        }
        #expect(values == golden.floats)
        #expect(
            try blocks.packed(
                codes: content.codes, columns: golden.columns, scales: content.scales, offsets: content.offsets)
                == bytes)
    }

    @Test(arguments: goldens.filter { TwoLevelType(rawValue: $0.type) != nil })
    func superBlocks(_ golden: Golden) throws {
        let type = try #require(TwoLevelType(rawValue: golden.type))
        let bytes = hexadecimal(golden.bytes)
        let (codes, scales) = try bytes.withUnsafeBytes { bytes in
            Result { () throws(BlockError) in
                try SuperBlocks.unpacked(bytes, type, rows: golden.rows, columns: golden.columns)
            }
        }.get()
        let values = codes.enumerated().map { place, code -> UInt32 in
            let (row, column) = (place / golden.columns, place % golden.columns)
            let (group, block) = (column / type.groupSize, column / 256)
            let product =
                scales.superScales[row, block] * Float(scales.scales[row, group]) * Float(Int(code) - type.zeroPoint)
            guard let offsets = scales.offsets, let least = scales.superOffsets else { return product.bitPattern }
            return (product - least[row, block] * Float(offsets[row, group])).bitPattern
        }
        #expect(values == golden.floats)
        #expect(try SuperBlocks.packed(codes: codes, rows: 0..<golden.rows, scales) == bytes)
        // The second row by itself.
        let second = Array(codes[golden.columns...])
        #expect(try SuperBlocks.packed(codes: second, rows: 1..<2, scales) == Array(bytes[(bytes.count / 2)...]))
    }

    @Test func numbersThatAreNotFloat16AreRefused() {
        func text(_ scale: Float, _ offset: Float) -> String {
            do {
                _ = try FlatBlocks.q41.packed(
                    codes: [UInt8](repeating: 3, count: 128), columns: 64, scales: [1, 1, 1, scale],
                    offsets: [0, 0, 0, offset], firstRow: 10)
                return "packed"
            } catch {
                return "\(error)"
            }
        }
        #expect(text(0.5, -0.25) == "packed")
        let end = " is no float16 number, expected one that needs no rounding"
        #expect(text(0.1, 0) == "row 11, block 1: 0.1" + end)
        #expect(text(1, 65520) == "row 11, block 1: 65520.0" + end)
        #expect(text(.nan, 0) == "row 11, block 1: nan" + end)
    }

    @Test func scalesThatAreNotFiniteAreRefused() {
        var bytes = [UInt8](repeating: 0, count: 4 * 18)
        // The exponent of infinity in the third block.
        bytes[2 * 18 + 1] = 0x7C
        let error = #expect(throws: BlockError.self) {
            try bytes.withUnsafeBytes { bytes in
                Result { () throws(BlockError) in try FlatBlocks.q40.unpacked(bytes, columns: 64) }
            }.get()
        }
        #expect(
            error.map { "\($0)" } == "row 1, block 0: a scale or an offset is inf, expected a finite number")
    }
}

func hexadecimal(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
