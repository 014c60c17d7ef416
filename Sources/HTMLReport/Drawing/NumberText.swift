import Foundation

/// Numbers as a figure shows them.
package enum NumberText {
    static let none = "no value"

    /// Three significant digits, a power of ten where there would be many zeros; "no value" for what is no number.
    package static func short(_ value: Double) -> String { digits(value, 3) }

    /// So many significant digits, without zeros at the end.
    static func digits(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return none }
        guard value != 0 else { return "0" }
        // The exponent of the rounded value: 999.9 has four digits before the point.
        let scientific = String(format: "%.\(max(digits - 1, 0))e", value)
        let parts = scientific.split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return none }
        guard (-3...5).contains(exponent) else {
            let mantissa = signed(trimmed(String(parts[0])))
            return mantissa == "1" ? power(exponent) : "\(mantissa)×\(power(exponent))"
        }
        if exponent >= digits - 1 || value == value.rounded() { return integer(Int(value.rounded())) }
        return signed(trimmed(String(format: "%.\(digits - 1 - exponent)f", value)))
    }

    /// 12,345.
    package static func integer(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(Substring(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "−" : "") + ([Substring(digits)] + groups).joined(separator: ",")
    }

    /// 10⁻³.
    static func power(_ exponent: Int) -> String {
        "10" + String(exponent).map { superscripts[$0] ?? String($0) }.joined()
    }

    private static let superscripts: [Character: String] = [
        "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
    ]

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var text = Substring(text)
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }

    private static func signed(_ text: String) -> String { text.replacing("-", with: "−") }
}
