/// Text in HTML and SVG, in elements and in attributes with quotes of either kind.
package enum Markup {
    /// Escapes characters with a meaning in markup, and replaces characters that XML does not allow by U+FFFD.
    ///
    /// By Unicode scalar: a quote followed by a combining mark is one `Character`, but in markup it ends an attribute.
    package static func escape(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        escaped.reserveCapacity(text.unicodeScalars.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
            case "\n": escaped.append(contentsOf: "&#10;".unicodeScalars)
            case "\t": escaped.append(scalar)
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": escaped.append("\u{FFFD}")
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
