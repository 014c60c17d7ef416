import OrderedCollections

/// A JSON document with byte-exact strings and the file's order of members.
///
/// Foundation's readers key objects by `String`, which merges canonically equivalent keys (see ``ByteString``).
enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case real(Double)
    case string(ByteString)
    case array([JSONValue])
    case object(OrderedDictionary<ByteString, JSONValue>)

    /// What a person would call the value, for error messages.
    var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .string(let text): "\"\(text)\""
        case .array(let elements): "an array of \(elements.count)"
        case .object(let members): "an object of \(members.count)"
        }
    }
}
