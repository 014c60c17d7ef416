import AdaDimReport
import Foundation

/// A number with so many significant digits.
func significantDigits(_ value: Double, _ digits: Int = 3) -> String { String(format: "%.\(digits)g", value) }

/// A share as a person reads it.
func percentText(_ share: Double) -> String { significantDigits(100 * share) + " %" }

/// A share; empty where there is none.
func percentCell(_ share: Double?) -> TableCell {
    TableCell(text: share.map(percentText) ?? "", sortKey: share)
}

/// A ratio with two places; empty where there is none.
func ratioCell(_ ratio: Double?) -> TableCell {
    TableCell(text: ratio.map { String(format: "%.2f", $0) } ?? "", sortKey: ratio)
}

func numberCell(_ value: Double?, _ digits: Int = 3) -> TableCell {
    TableCell(text: value.map { significantDigits($0, digits) } ?? "", sortKey: value)
}

func countCell(_ count: Int) -> TableCell { TableCell(text: "\(count)", sortKey: Double(count)) }

/// Seconds as a person reads them.
func secondsText(_ seconds: Double) -> String {
    if seconds < 60 { return significantDigits(seconds) + " s" }
    let whole = Int(seconds.rounded())
    return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
}

/// Bytes as a person reads them, in powers of ten.
func bytesText(_ bytes: Double) -> String {
    bytes < 1e9 ? significantDigits(bytes / 1e6) + " MB" : significantDigits(bytes / 1e9) + " GB"
}
