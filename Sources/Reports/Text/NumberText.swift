import Foundation

// Numbers as a person reads them, in the terminal and on pages.

/// A number with so many significant digits; powers of ten only where zeros would be too many to read.
package func significant(_ value: Double, _ digits: Int = 3) -> String {
    let text = String(format: "%.\(digits)g", value)
    guard text.contains("e+"), abs(value) < 1e7, let rounded = Double(text) else { return text }
    return String(format: "%.0f", rounded)
}

/// A share, three significant digits.
package func percent(_ share: Double) -> String { "\(significant(100 * share)) %" }

/// A share as ``percent(_:)`` has it; a dash where there is nothing to be a share of.
package func shareText(_ share: Double?) -> String { share.map(percent) ?? "–" }

/// Seconds, in the units that suit them.
package func duration(_ seconds: Double) -> String {
    if seconds < 9.95 { return "\(significant(seconds, 2)) s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
}

/// Bytes, in powers of ten.
package func bytesText(_ bytes: Double) -> String {
    bytes < 1e9 ? "\(significant(bytes / 1e6)) MB" : "\(significant(bytes / 1e9)) GB"
}
