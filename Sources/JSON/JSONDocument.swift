/// What a JSON text holds.
package struct JSONDocument: Sendable {
    /// Keys that objects have once more, with other values.
    package struct Repetitions: Sendable, Equatable {
        package let firstKey: String
        package let firstLine: Int
        package internal(set) var count: Int
    }

    package let value: JSONValue
    /// The byte ranges of the outermost object's values; of a key that occurs twice, the last one, which counts.
    package let memberRanges: [ByteString: Range<Int>]
    package let repetitions: Repetitions?

    /// - Parameter bytes: UTF-8; a byte order mark at the beginning is passed over.
    package init(_ bytes: [UInt8], as dialect: JSONDialect = .python) throws(JSONFailure) {
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        try self.init(JSONParser(bytes, from: hasMark ? 3 : 0, dialect))
    }

    /// - Parameter line: of a file with one document per line; such a line has no byte order mark of its own.
    package init(line: ArraySlice<UInt8>) throws(JSONFailure) {
        try self.init(JSONParser(Array(line), from: 0, .python))
    }

    private init(_ parser: consuming JSONParser) throws(JSONFailure) {
        value = try parser.document()
        memberRanges = parser.memberRanges
        repetitions = parser.repetitions
    }

    /// What to say of keys that stand more than once with different values; nil where there are none.
    package var notice: String? {
        guard let repetitions else { return nil }
        let others = repetitions.count > 1 ? " (and \(repetitions.count - 1) more)" : ""
        return "line \(repetitions.firstLine) has \"\(repetitions.firstKey)\" once more, with another value\(others); "
            + "the last value of a key counts, as in Python"
    }
}
