import AdaDimHTMLReport
import Foundation

/// A share; empty where there is none.
func percentCell(_ share: Double?) -> TableCell {
    TableCell(text: share.map(percent) ?? "", sortKey: share)
}

/// A ratio with two places; empty where there is none.
func ratioCell(_ ratio: Double?) -> TableCell {
    TableCell(text: ratio.map { String(format: "%.2f", $0) } ?? "", sortKey: ratio)
}

func numberCell(_ value: Double?, _ digits: Int = 3) -> TableCell {
    TableCell(text: value.map { significant($0, digits) } ?? "", sortKey: value)
}

func countCell(_ count: Int) -> TableCell { TableCell(text: "\(count)", sortKey: Double(count)) }

/// The shape of a weight, sorted by how many elements it has.
func shapeCell(_ shape: [Int]) -> TableCell {
    TableCell(text: shape.map(String.init).joined(separator: " × "), sortKey: Double(shape.reduce(1, *)))
}
