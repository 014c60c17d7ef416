import AdaDimLinearAlgebra

/// In which blocks of columns the sweep runs. A block never cuts a per-OC group that is no wider than a block, and never
/// reaches across the start of one that is wider.
package struct SweepSchedule: Sendable, Equatable {
    package struct Block: Sendable, Equatable {
        package let columns: Range<Int>
        /// A per-OC group wider than a block that starts with this block: its grid is set before the block is swept.
        package let startsWideGroup: Int?
    }

    /// Columns of a block: what a tile of 64 rows holds in the first-level cache beside the factor's columns.
    package static let blockWidth = 128

    package let blocks: [Block]

    package init(_ layout: GroupLayout, gridsAreSet: Bool) {
        let group = layout.groupSize
        var blocks: [Block] = []
        if layout.dimension == .perInputChannel || gridsAreSet || group <= Self.blockWidth {
            let alignment = layout.dimension == .perOutputChannel && !gridsAreSet ? group : 1
            let width = Self.blockWidth / alignment * alignment
            blocks = stride(from: 0, to: layout.columns, by: width).map {
                Block(columns: $0..<min($0 + width, layout.columns), startsWideGroup: nil)
            }
        } else {
            for index in 0..<layout.groupsPerChannel {
                let range = layout.range(ofGroup: index)
                for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.blockWidth) {
                    blocks.append(
                        Block(
                            columns: start..<min(start + Self.blockWidth, range.upperBound),
                            startsWideGroup: start == range.lowerBound ? index : nil))
                }
            }
        }
        self.blocks = blocks
    }
}
