import AdaDimLinearAlgebra

/// All of a sweep's blocks, packed once for all of its panels.
struct PackedBlocks<S: RealScalar>: Sendable {
    /// By their first columns.
    private let blocks: [Int: PackedBlock<S>]

    private struct Place: Sendable {
        let columns: Range<Int>
        var block: PackedBlock<S>?
    }

    /// - Parameters:
    ///   - columns: of each block.
    ///   - groupWidth: columns of a group whose grids are set together; nil where a block is not divided.
    init(_ v: MatrixView<S>, columns: [Range<Int>], groupWidth: Int?) throws(QuantizationError) {
        var places = columns.map { Place(columns: $0) }
        try concurrentlyUpdating(&places, in: places.indices) { (place) throws(QuantizationError) in
            place.block = try PackedBlock(v, columns: place.columns, groupWidth: groupWidth ?? place.columns.count)
        }
        blocks = Dictionary(
            uniqueKeysWithValues: places.compactMap { place in place.block.map { (place.columns.lowerBound, $0) } })
    }

    /// The block of some columns, one of those that were packed.
    subscript(columns: Range<Int>) -> PackedBlock<S> {
        guard let block = blocks[columns.lowerBound], block.columns == columns else {
            preconditionFailure("columns \(columns) are no block of this sweep")
        }
        return block
    }
}

/// The factor's square on one block of columns, packed in strips of eight columns as the tile kernels read it: element
/// (k, c) of a strip at 8·k + c, k counted from the block's first row. Columns that a strip lacks are zero.
struct PackedBlock<S: RealScalar>: Sendable {
    struct Strip: Sendable {
        /// Of the block, from 0; eight, or fewer at a group's end.
        let columns: Range<Int>
        fileprivate let offset: Int
    }

    /// Columns of the block whose grids are set together.
    struct Group: Sendable {
        let columns: Range<Int>
        let strips: [Strip]
    }

    /// Of the matrix.
    let columns: Range<Int>
    let groups: [Group]
    private let packed: Workspace<S>
    private let diagonal: Workspace<S>

    /// Vⱼⱼ and 1/Vⱼⱼ for the block's columns.
    var pivots: UnsafePointer<S> { UnsafePointer(diagonal.view.column(0)) }
    var reciprocals: UnsafePointer<S> { UnsafePointer(diagonal.view.column(1)) }

    /// Row k of the block in a strip: its eight columns.
    @inline(__always)
    func row(_ k: Int, of strip: Strip) -> UnsafePointer<S> {
        UnsafePointer(packed.view.base) + strip.offset + TileKernels.stripWidth * k
    }

    /// - Parameter groupWidth: columns of a group; strips do not reach across groups.
    init(_ v: MatrixView<S>, columns: Range<Int>, groupWidth: Int) throws(QuantizationError) {
        self.columns = columns
        let stripWidth = TileKernels.stripWidth
        var size = 0
        groups = stride(from: 0, to: columns.count, by: groupWidth).map { start in
            let group = start..<min(start + groupWidth, columns.count)
            let strips = stride(from: group.lowerBound, to: group.upperBound, by: stripWidth).map { first in
                defer { size += stripWidth * (first + stripWidth) }
                return Strip(columns: first..<min(first + stripWidth, group.upperBound), offset: size)
            }
            return Group(columns: group, strips: strips)
        }
        packed = try Workspace(size, by: 1)
        diagonal = try Workspace(columns.count, by: 2)
        for group in groups {
            for strip in group.strips { pack(strip, of: v) }
        }
        for j in 0..<columns.count {
            let pivot = v[columns.lowerBound + j, columns.lowerBound + j]
            diagonal.view[j, 0] = pivot
            diagonal.view[j, 1] = 1 / pivot
        }
    }

    private func pack(_ strip: Strip, of v: MatrixView<S>) {
        let target = packed.view.base + strip.offset
        let stripWidth = TileKernels.stripWidth
        let first = strip.columns.lowerBound
        target.update(repeating: 0, count: stripWidth * (first + stripWidth))
        for j in strip.columns {
            let source = v.column(columns.lowerBound + j) + columns.lowerBound
            for k in 0...j { target[stripWidth * k + (j - first)] = source[k] }
        }
    }
}
