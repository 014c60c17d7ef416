/// A column of the layer table.
package struct TableColumn: Sendable {
    package let title: String
    /// One sentence; the page lists them under the table.
    package let explanation: String
    package let isNumeric: Bool

    package init(title: String, explanation: String, isNumeric: Bool) {
        self.title = title
        self.explanation = explanation
        self.isNumeric = isNumeric
    }
}

package struct TableCell: Sendable {
    package let text: String
    /// The key by which the column is sorted; nil sorts after every number. A column without any is sorted by its
    /// texts.
    package let sortKey: Double?

    package init(text: String, sortKey: Double? = nil) {
        self.text = text
        self.sortKey = sortKey
    }
}

/// One layer.
package struct TableRow: Sendable {
    /// The full name of the layer, as its file gives it.
    package let name: String
    /// nil for a layer of no block.
    package let block: Int?
    package let role: String
    /// "per-OC" or "per-IC"; nil where none was chosen.
    package let direction: String?
    /// [columns].
    package let cells: [TableCell]
    package let details: LayerDetails?
    /// Whether there are details: these, or others that the caller supplies when the page is written.
    package let isDetailed: Bool

    package init(
        name: String, block: Int?, role: String, direction: String? = nil, cells: [TableCell],
        details: LayerDetails? = nil, detailsAreKeptElsewhere: Bool = false
    ) {
        self.name = name
        self.block = block
        self.role = role
        self.direction = direction
        self.cells = cells
        self.details = details
        isDetailed = details != nil || detailsAreKeptElsewhere
    }
}
