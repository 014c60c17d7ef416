/// One value for each block and layer role, as colours: blocks from left to right, roles from top to bottom.
package struct DepthRoleMap: Sendable {
    package enum Scale: Sendable, Equatable {
        /// Ratios, on a logarithmic axis that reaches as far below the center as above it. The legends name its ends.
        case diverging(center: Double, lowLegend: String, highLegend: String)
        /// From the smallest value to the largest.
        case sequential(log: Bool)
    }

    package let title: String
    package let caption: String
    package let roles: [String]
    /// Block numbers in rising order; they may have gaps.
    package let blocks: [Int]
    /// [blocks, roles], row after row; nil where there is no such value.
    package let values: [Double?]
    /// [blocks, roles]: cells that get a dot. Empty for none.
    package let marks: [Bool]
    /// What the dot means.
    package let markLegend: String?
    package let scale: Scale
    package let unit: String

    package init(
        title: String, caption: String, roles: [String], blocks: [Int], values: [Double?], marks: [Bool] = [],
        markLegend: String? = nil, scale: Scale, unit: String
    ) {
        self.title = title
        self.caption = caption
        self.roles = roles
        self.blocks = blocks
        self.values = values
        self.marks = marks
        self.markLegend = markLegend
        self.scale = scale
        self.unit = unit
    }

    /// The value of a cell, nil beyond the end of `values`, too.
    func value(block: Int, role: Int) -> Double? {
        let index = block * roles.count + role
        return index < values.count ? values[index] : nil
    }

    func isMarked(block: Int, role: Int) -> Bool {
        let index = block * roles.count + role
        return index < marks.count && marks[index]
    }
}
