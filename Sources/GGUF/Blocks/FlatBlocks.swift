import AdaDimLinearAlgebra

/// Blocks of 32 neighbors in a row that have one scale each.
///
/// | type | bytes | value |
/// |---|---|---|
/// | Q4_0 | scale d, 16 bytes of codes | d·(q − 8), q 0 … 15 |
/// | Q4_1 | scale d, offset m, 16 bytes of codes | d·q + m, q 0 … 15 |
/// | Q8_0 | scale d, 32 bytes of codes | d·q, q −128 … 127 |
///
/// d and m are float16. Codes here are without a sign: q + 128 for Q8_0. Source: `ggml-quants.c` of llama.cpp.
package enum FlatBlocks: Sendable, CaseIterable {
    case q40, q41, q80

    /// Numbers of a block.
    package static let length = 32

    package var type: GGUFTensorType {
        switch self {
        case .q40: .q40
        case .q41: .q41
        case .q80: .q80
        }
    }

    /// Bits of a code.
    package var bits: Int { self == .q80 ? 8 : 4 }

    package var hasOffsets: Bool { self == .q41 }

    private var layout: CodeLayout {
        switch self {
        case .q40: .nibbles(from: 2)
        case .q41: .nibbles(from: 4)
        case .q80: .bytes(from: 2)
        }
    }

    /// The blocks of some rows, row-major.
    /// - Parameters:
    ///   - codes: [rows, columns], row-major, below 2^``bits``.
    ///   - scales: d, [rows, columns/32], row-major.
    ///   - offsets: m, like the scales; empty where there are none.
    ///   - firstRow: for the error.
    /// - Throws: ``BlockError/notFloat16(row:block:value:)``.
    package func packed(
        codes: [UInt8], columns: Int, scales: [Float], offsets: [Float] = [], firstRow: Int = 0
    ) throws(BlockError) -> [UInt8] {
        let (blocksPerRow, width, layout) = (columns / Self.length, type.blockBytes, layout)
        precondition(columns.isMultiple(of: Self.length) && codes.count == scales.count * Self.length)
        precondition(offsets.count == (hasOffsets ? scales.count : 0))
        var bytes = [UInt8](repeating: 0, count: scales.count * width)
        var strange: (block: Int, value: Float)?
        bytes.withUnsafeMutableBufferPointer { bytes in
            codes.withUnsafeBufferPointer { codes in
                guard let target = bytes.baseAddress, let source = codes.baseAddress else { return }
                for block in scales.indices {
                    let start = target + block * width
                    if !BlockBytes.put(scales[block], at: start) { strange = strange ?? (block, scales[block]) }
                    if hasOffsets, !BlockBytes.put(offsets[block], at: start + 2) {
                        strange = strange ?? (block, offsets[block])
                    }
                    layout.pack(source + block * Self.length, into: start)
                    if self == .q80 { Self.flipSigns(start + 2) }
                }
            }
        }
        if let (block, value) = strange {
            throw .notFloat16(row: firstRow + block / blocksPerRow, block: block % blocksPerRow, value: value)
        }
        return bytes
    }

    /// What blocks of some rows hold.
    package struct Content: Sendable, Equatable {
        /// [rows, columns], row-major.
        package var codes: [UInt8]
        /// d, [rows, columns/32], row-major.
        package var scales: [Float]
        /// m, like the scales; empty where there are none.
        package var offsets: [Float]

        package init(codes: [UInt8], scales: [Float], offsets: [Float]) {
            (self.codes, self.scales, self.offsets) = (codes, scales, offsets)
        }
    }

    /// - Parameter bytes: whole rows of blocks.
    /// - Throws: ``BlockError/notFinite(row:block:value:)``.
    package func unpacked(
        _ bytes: UnsafeRawBufferPointer, columns: Int, firstRow: Int = 0
    ) throws(BlockError) -> Content {
        let (width, layout) = (type.blockBytes, layout)
        let (blocks, blocksPerRow) = (bytes.count / width, columns / Self.length)
        var content = Content(
            codes: [UInt8](repeating: 0, count: blocks * Self.length), scales: [Float](repeating: 0, count: blocks),
            offsets: [Float](repeating: 0, count: hasOffsets ? blocks : 0))
        guard let source = bytes.bindMemory(to: UInt8.self).baseAddress else { return content }
        for block in 0..<blocks {
            content.scales[block] = BlockBytes.number(at: source + block * width)
            if hasOffsets { content.offsets[block] = BlockBytes.number(at: source + block * width + 2) }
        }
        for numbers in [content.scales, content.offsets] {
            if let block = numbers.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(
                    row: firstRow + block / blocksPerRow, block: block % blocksPerRow, value: numbers[block])
            }
        }
        content.codes.withUnsafeMutableBufferPointer { codes in
            guard let target = codes.baseAddress else { return }
            for block in 0..<blocks {
                let start = target + block * Self.length
                layout.unpack(source + block * width, into: start)
                if self == .q80 { Self.flipSigns(start) }
            }
        }
        return content
    }

    /// Between a code without a sign and the same less 128 with one.
    private static func flipSigns(_ codes: UnsafeMutablePointer<UInt8>) {
        for i in 0..<length { codes[i] ^= 0x80 }
    }
}
