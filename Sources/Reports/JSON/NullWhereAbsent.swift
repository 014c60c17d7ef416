/// A value that JSON gives as null where there is none. Of themselves encoders leave an absent value's key out, and a
/// reader cannot tell a report that has none from one that is too old to know it.
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
