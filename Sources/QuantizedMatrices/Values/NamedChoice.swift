/// A setting with a few values, each of which has a name in files.
public protocol NamedChoice: RawRepresentable, CaseIterable, Codable where RawValue == String {}

extension NamedChoice {
    /// Reads a name.
    /// - Throws: `DecodingError.dataCorrupted`, which lists the names, for another one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let choice = Self(rawValue: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected \(Self.allNames)")
        }
        self = choice
    }

    /// All names, for messages.
    package static var allNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
