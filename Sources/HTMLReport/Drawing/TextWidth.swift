/// How wide a text will be, about: figures are laid out before anybody knows the font.
enum TextWidth {
    /// Pixels at the figures' text size, in a wide font. Scripts of wide characters take about twice as much.
    static func of(_ text: String) -> Double {
        text.reduce(0) { $0 + ($1.isASCII || $1.unicodeScalars.allSatisfy { $0.value < 0x1100 } ? 7.2 : 13) }
    }

    /// Cut so that it fits, with an ellipsis where something was cut.
    static func fit(_ text: String, _ width: Double) -> String {
        guard of(text) > width else { return text }
        var kept = ""
        var used = of("…")
        for character in text {
            used += of(String(character))
            if used > width { break }
            kept.append(character)
        }
        return kept + "…"
    }
}
