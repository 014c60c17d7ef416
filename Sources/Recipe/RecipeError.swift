import AdaDimJSON

/// What is wrong with a recipe.
package enum RecipeError: Error, Equatable, CustomStringConvertible {
    case unreadable(place: String, reason: String)
    /// `names` are those that there are.
    case unknownSetting(place: String, name: String, names: [String])
    case badValue(place: String, name: String, found: String, expected: String)

    package var description: String {
        switch self {
        case .unreadable(let place, let reason): "\(place): \(reason)"
        case .unknownSetting(let place, let name, let names):
            "\(place): there is no setting \(name), expected one of \(names.joined(separator: ", "))"
        case .badValue(let place, let name, let found, let expected):
            "\(place): \(name) is \(found), expected \(expected)"
        }
    }

    /// - Parameters:
    ///   - changes: what was decoded, for the value that was found.
    ///   - culprit: the change at fault, where the error does not name it.
    init(_ error: DecodingError, _ changes: SettingChanges, place: String, culprit: SettingChange?) {
        let (context, expected): (DecodingError.Context, String?) =
            switch error {
            case .typeMismatch(let type, let context): (context, Self.words(type))
            case .valueNotFound(let type, let context): (context, Self.words(type))
            case .keyNotFound(_, let context), .dataCorrupted(let context): (context, nil)
            @unknown default: (.init(codingPath: [], debugDescription: "\(error)"), nil)
            }
        if context.codingPath.isEmpty, let culprit, case .real = culprit.value {
            self = .badValue(
                place: place, name: culprit.name, found: culprit.value.shown, expected: "a whole number")
            return
        }
        let name = context.codingPath.last?.stringValue ?? culprit?.name ?? "a setting"
        let words = expected ?? context.debugDescription
        self = .badValue(
            place: place, name: name, found: changes[name]?.shown ?? "missing",
            expected: words.hasPrefix("expected ") ? String(words.dropFirst("expected ".count)) : words)
    }

    private static func words(_ type: Any.Type) -> String {
        switch type {
        case is Bool.Type: "true or false"
        case is Int.Type, is UInt64.Type: "a whole number"
        case is Double.Type: "a number"
        case is String.Type: "a name"
        default: "another kind of value"
        }
    }
}

extension JSONValue {
    /// As messages quote it.
    var shown: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .string(let value): "\"\(value)\""
        case .array: "a list"
        case .object: "an object"
        }
    }
}
