/// A value that JSON gives as null where there is none. By default encoders omit the key of an absent value, and a
/// reader cannot distinguish a report without a value from one that is too old to have the key.
@propertyWrapper
package struct NullWhereAbsent<Value: Sendable & Codable>: Sendable, Codable {
    package var wrappedValue: Value?

    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(Value?.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension NullWhereAbsent: Equatable where Value: Equatable {}
