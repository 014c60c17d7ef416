import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Blocks of 256 neighbors in a row with scales on two levels: the K-quants. ``TwoLevelType`` says what the numbers mean.
package enum SuperBlocks {
    /// The blocks of some rows, row-major.
    /// - Parameters:
    ///   - codes: [rows.count, in] of these rows, row-major, below 2^bits.
    ///   - scales: of the whole weight [out, in].
    /// - Throws: ``BlockError/notFloat16(row:block:value:)``.
    package static func packed(
        codes: [UInt8], rows: Range<Int>, _ scales: TwoLevelScales
    ) throws(BlockError) -> [UInt8] {
        let (type, size) = (scales.type, TwoLevelType.superGroupSize)
        let (width, groups, blocks) = (type.tensorType.blockBytes, type.groups, scales.superScales.columns)
        precondition(codes.count == rows.count * blocks * size, "codes do not fit the scales")
        let (layout, places) = (type.codeLayout, type.numberPlaces)
        var bytes = [UInt8](repeating: 0, count: rows.count * blocks * width)
        var strange: BlockError?
        bytes.withUnsafeMutableBufferPointer { bytes in
            codes.withUnsafeBufferPointer { codes in
                guard let target = bytes.baseAddress, let source = codes.baseAddress else { return }
                for (r, row) in rows.enumerated() {
                    for b in 0..<blocks {
                        let start = target + (r * blocks + b) * width
                        let numbers = [
                            (scales.superScales[row, b], Optional(places.scale)),
                            (scales.superOffsets.map { $0[row, b] } ?? 0, places.offset),
                        ]
                        for case (let value, let place?) in numbers where !BlockBytes.put(value, at: start + place) {
                            strange = strange ?? .notFloat16(row: row, block: b, value: value)
                        }
                        let ofBlock = b * groups..<(b + 1) * groups
                        type.putSubScales(
                            ofBlock.map { scales.scales[row, $0] },
                            scales.offsets.map { offsets in ofBlock.map { offsets[row, $0] } } ?? [], into: start)
                        layout.pack(source + (r * blocks + b) * size, into: start)
                    }
                }
            }
        }
        if let strange { throw strange }
        return bytes
    }

    /// What the blocks of a whole weight [rows, columns] hold: its codes, row-major, and its scales.
    /// - Throws: ``BlockError/notFinite(row:block:value:)``.
    package static func unpacked(
        _ bytes: UnsafeRawBufferPointer, _ type: TwoLevelType, rows: Int, columns: Int
    ) throws(BlockError) -> (codes: [UInt8], scales: TwoLevelScales) {
        let size = TwoLevelType.superGroupSize
        let (width, groups, blocks) = (type.tensorType.blockBytes, type.groups, columns / size)
        precondition(bytes.count == rows * blocks * width, "\(bytes.count) bytes of blocks")
        let (layout, places) = (type.codeLayout, type.numberPlaces)
        var codes = [UInt8](repeating: 0, count: rows * columns)
        var superScales = [Float](repeating: 0, count: rows * blocks)
        var superOffsets = superScales
        var scales = [Int8](repeating: 0, count: rows * blocks * groups)
        var offsets = [UInt8](repeating: 0, count: type.hasOffsets ? scales.count : 0)
        if let source = bytes.bindMemory(to: UInt8.self).baseAddress {
            for block in 0..<rows * blocks {
                let start = source + block * width
                superScales[block] = BlockBytes.number(at: start + places.scale)
                if let place = places.offset { superOffsets[block] = BlockBytes.number(at: start + place) }
                for value in [superScales[block], superOffsets[block]] where !value.isFinite {
                    throw .notFinite(row: block / blocks, block: block % blocks, value: value)
                }
                let sub = type.subScales(start)
                for g in 0..<groups { scales[block * groups + g] = sub.scales[g] }
                if type.hasOffsets { for g in 0..<groups { offsets[block * groups + g] = sub.offsets[g] } }
                codes.withUnsafeMutableBufferPointer { codes in
                    if let target = codes.baseAddress { layout.unpack(start, into: target + block * size) }
                }
            }
        }
        let hasOffsets = type.hasOffsets
        return (
            codes,
            TwoLevelScales(
                type, superScales: Matrix(rowMajor: superScales, rows: rows, columns: blocks),
                superOffsets: hasOffsets ? Matrix(rowMajor: superOffsets, rows: rows, columns: blocks) : nil,
                scales: Matrix(rowMajor: scales, rows: rows, columns: blocks * groups),
                offsets: hasOffsets ? Matrix(rowMajor: offsets, rows: rows, columns: blocks * groups) : nil)
        )
    }
}

extension TwoLevelType {
    /// What files call tensors of it.
    package var tensorType: GGUFTensorType {
        switch self {
        case .q2K: .q2K
        case .q3K: .q3K
        case .q4K: .q4K
        case .q5K: .q5K
        case .q6K: .q6K
        }
    }
}
