/// A number to three digits.
package func shortText(_ value: Double) -> String {
    if value == 0 { return "0" }
    guard value.isFinite else { return "\(value)" }
    var (scaled, exponent) = (abs(value), 0)
    while scaled >= 1000 { (scaled, exponent) = (scaled / 10, exponent + 1) }
    while scaled < 100 { (scaled, exponent) = (scaled * 10, exponent - 1) }
    let digits = Int(scaled.rounded())
    let sign = value < 0 ? "-" : ""
    if (-5...0).contains(exponent) {
        var text = String(digits)
        while text.count <= -exponent { text = "0" + text }
        let point = text.index(text.endIndex, offsetBy: exponent)
        return sign + (exponent == 0 ? text : text[..<point] + "." + text[point...])
    }
    return "\(sign)\(digits / 100).\(String(digits % 100 + 100).dropFirst())e\(exponent + 2)"
}
