import Foundation

/// Any JSON value, with booleans, integers and other numbers kept apart.
package enum JSONValue: Decodable, Equatable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    /// One of ``notFiniteWords``, as Python writes numbers that are not finite.
    case notFinite(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
    /// Beyond what can be held: a number past the largest double, a string with half a surrogate pair.
    case unreadable

    /// The longer ones first, where one begins as another.
    static let notFiniteWords = ["-Infinity", "Infinity", "NaN"]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self =
                value.isFinite ? .number(value) : .notFinite(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else if let value = try? container.decode([String: JSONValue].self) {
            self = .object(value)
        } else {
            self = .unreadable
        }
    }

    /// As an error message quotes it: short values whole, others by their kind.
    package var quoted: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .notFinite(let word): word
        case .string(let value): "\"\(value)\""
        case .array(let values): values.count > 8 ? "a list" : "[\(values.map(\.quoted).joined(separator: ", "))]"
        case .object: "an object"
        case .unreadable: "a number or a string that cannot be held"
        }
    }
}
