import OrderedCollections

/// Any JSON value, with booleans, integers and other numbers kept apart, byte-exact strings, and the file's order of
/// members.
package enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    /// A number with a point or an exponent, or one that `Int` cannot hold; or one that is not finite, of Python's.
    case real(Double)
    case string(ByteString)
    case array([JSONValue])
    case object(OrderedDictionary<ByteString, JSONValue>)
}

/// What a caller asks a value for; nil where it is of another kind.
extension JSONValue {
    /// The member of that name.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[ByteString(name)]
    }

    /// All members, keyed by `String`: of names that are canonically equivalent the last one counts.
    package var members: [String: JSONValue]? {
        guard case .object(let members) = self else { return nil }
        return Dictionary(members.lazy.map { ($0.key.description, $0.value) }) { $1 }
    }

    package var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// Nil, too, for a string with half of a surrogate pair.
    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text.text
    }

    /// A list of nothing but strings.
    package var texts: [String]? { all(\.text) }

    /// An integer, or a number with a point or an exponent that is one: 1.0, 1e3.
    package var wholeNumber: Int? {
        switch self {
        case .integer(let value): value
        case .real(let value): Int(exactly: value)
        default: nil
        }
    }

    /// A list of nothing but such numbers.
    package var wholeNumbers: [Int]? { all(\.wholeNumber) }

    private func all<Element>(_ read: (JSONValue) -> Element?) -> [Element]? {
        guard let elements else { return nil }
        var result: [Element] = []
        result.reserveCapacity(elements.count)
        for element in elements {
            guard let value = read(element) else { return nil }
            result.append(value)
        }
        return result
    }
}

extension JSONValue: Equatable {
    /// The order of members does not count, and NaN equals NaN: what was written is compared, not what it computes.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.real(let left), .real(let right)): left == right || left.isNaN && right.isNaN
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
        default: false
        }
    }
}

extension JSONValue {
    /// As an error message quotes it: short values whole, others by their kind.
    package var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .real(let value):
            value.isNaN ? "NaN" : value.isInfinite ? value < 0 ? "-Infinity" : "Infinity" : "\(value)"
        case .string(let text): Self.summary(text)
        case .array(let elements):
            elements.count <= Self.longestQuotedList && elements.allSatisfy(\.isScalar)
                ? "[\(elements.map(\.summary).joined(separator: ", "))]" : "an array of \(elements.count)"
        case .object: "an object"
        }
    }

    private static let longestQuotedList = 8
    /// In bytes. A string may be a whole book.
    private static let longestQuotedString = 200

    private static func summary(_ string: ByteString) -> String {
        guard let text = string.text else { return "a string with half of a surrogate pair" }
        let count = string.bytes.count
        return count <= longestQuotedString ? "\"\(text)\"" : "a string of \(count) bytes"
    }

    private var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }
}
