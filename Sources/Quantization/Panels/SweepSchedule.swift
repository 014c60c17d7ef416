import AdaDimLinearAlgebra

/// In which order the sweep goes through the columns: blocks that a tile keeps in cache, at the leaves of a tree that
/// is halved again and again, so that the products between its halves are as large as they can be.
///
/// A block never cuts a per-OC group that is no wider than a block, and never reaches across the start of one that is
/// wider; such a wide group is a whole branch, whose sums over all columns before it are complete when it is entered.
package struct SweepSchedule: Sendable, Equatable {
    /// Columns of a block: as many as fit in cache for a tile of 64 rows, together with the factor's columns.
    package static let blockWidth = 128

    package indirect enum Node: Sendable, Equatable {
        case block(Range<Int>)
        /// Two halves; the product between them comes after the first.
        case halves(Node, Node)
        /// A per-OC group wider than a block, whose grid is set before it is swept.
        case wideGroup(Int, Node)

        package var columns: Range<Int> {
            switch self {
            case .block(let columns): columns
            case .halves(let first, let second): first.columns.lowerBound..<second.columns.upperBound
            case .wideGroup(_, let node): node.columns
            }
        }
    }

    package let root: Node

    /// - Parameters:
    ///   - columns: of the weight, at least one.
    ///   - groupSize: columns of the per-OC groups whose grids the sweep finds; nil where it finds none.
    package init(columns: Int, groupSize: Int?) {
        let width = Self.blockWidth
        guard let group = groupSize, group > width else {
            let width = width / (groupSize ?? 1) * (groupSize ?? 1)
            root = Self.tree(of: Self.cut(0..<columns, by: width).map { .block($0) })
            return
        }
        root = Self.tree(
            of: Self.cut(0..<columns, by: group).enumerated().map { index, range in
                .wideGroup(index, Self.tree(of: Self.cut(range, by: width).map { .block($0) }))
            })
    }

    /// The blocks from left to right.
    package var blocks: [Range<Int>] { Self.blocks(of: root) }

    private static func blocks(of node: Node) -> [Range<Int>] {
        switch node {
        case .block(let columns): [columns]
        case .halves(let first, let second): blocks(of: first) + blocks(of: second)
        case .wideGroup(_, let node): blocks(of: node)
        }
    }

    private static func cut(_ range: Range<Int>, by width: Int) -> [Range<Int>] {
        stride(from: range.lowerBound, to: range.upperBound, by: width).map {
            $0..<min($0 + width, range.upperBound)
        }
    }

    private static func tree(of nodes: [Node]) -> Node {
        if nodes.count == 1 { return nodes[0] }
        let middle = (nodes.count + 1) / 2
        return .halves(tree(of: Array(nodes[..<middle])), tree(of: Array(nodes[middle...])))
    }
}
