/// The contents of a report, as plain values; `html()` makes one self-contained file of them.
package struct HTMLPage: Sendable {
    /// A name and what is to be said under it.
    package struct Fact: Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var title: String
    package var subtitle: String
    /// Options, totals, time, memory: a list at the top of the page.
    package var facts: [Fact]
    /// Paragraphs.
    package var notes: [String]
    package var bars: [BarChart]
    package var maps: [DepthRoleMap]
    /// Small multiples, one for each role.
    package var curves: [DepthCurves]
    /// The columns of the layer table that follow name, block, role and direction.
    package var columns: [TableColumn]
    package var rows: [TableRow]

    package init(
        title: String, subtitle: String = "", facts: [Fact] = [], notes: [String] = [], bars: [BarChart] = [],
        maps: [DepthRoleMap] = [], curves: [DepthCurves] = [], columns: [TableColumn] = [], rows: [TableRow] = []
    ) {
        self.title = title
        self.subtitle = subtitle
        self.facts = facts
        self.notes = notes
        self.bars = bars
        self.maps = maps
        self.curves = curves
        self.columns = columns
        self.rows = rows
    }
}
