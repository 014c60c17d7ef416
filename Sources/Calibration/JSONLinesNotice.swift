import AdaDimFiles
import AdaDimJSON
import AdaDimTokenizer

/// What to say of a text that is used as it is, although its lines are JSON objects.
struct JSONLinesNotice {
    /// So many lines are looked at.
    private static let lines = 16

    /// The names of the fields that these lines have; empty where one of them is no object.
    private let fields: [String]

    init(_ text: [UInt8]) {
        var fields: [String] = []
        var (start, seen) = (text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0, 0)
        while start < text.count && seen < Self.lines {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            let line = text[start..<end]
            start = end + 1
            if line.isBlank { continue }
            guard line.first(where: { ![0x20, 0x09].contains($0) }) == UInt8(ascii: "{"),
                let object = try? JSONLine(line)
            else {
                self.fields = []
                return
            }
            seen += 1
            for name in object.fields where !fields.contains(name) { fields.append(name) }
        }
        self.fields = fields
    }

    /// Nil where there is no notice.
    func text(file: String) -> String? {
        guard !fields.isEmpty else { return nil }
        let shown = shortList(fields.map { "\"\($0)\"" }, most: 5)
        return "\(file): its lines are JSON objects, and are taken as text as they are, names and brackets included; "
            + "--text-field NAME takes what one of their fields holds, a document a line; fields: \(shown)"
    }
}
