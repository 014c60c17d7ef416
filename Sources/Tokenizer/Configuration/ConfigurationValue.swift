import AdaDimJSON
import OrderedCollections

/// A value of the tokenizer file that knows its place in it, so that errors can say where.
struct ConfigurationValue {
    let value: JSONValue
    let file: String
    let place: String

    func malformed(_ problem: String) -> TokenizerError {
        TokenizerError(kind: .malformed, file: file, place: place, problem: problem)
    }

    func unsupported(_ problem: String) -> TokenizerError {
        TokenizerError(kind: .unsupported, file: file, place: place, problem: problem)
    }

    private func expected(_ what: String) -> TokenizerError {
        malformed("found \(value.summary), expected \(what)")
    }

    private func child(_ value: JSONValue, _ suffix: String) -> ConfigurationValue {
        let separator = place.isEmpty || suffix.hasPrefix("[") ? "" : "."
        return ConfigurationValue(value: value, file: file, place: place + separator + suffix)
    }

    func members() throws(TokenizerError) -> OrderedDictionary<ByteString, JSONValue> {
        guard case .object(let members) = value else { throw expected("an object") }
        return members
    }

    func elements() throws(TokenizerError) -> [ConfigurationValue] {
        guard case .array(let elements) = value else { throw expected("an array") }
        var children: [ConfigurationValue] = []
        children.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() { children.append(child(element, "[\(index)]")) }
        return children
    }

    /// The member of that name, or nil where it is absent or null.
    func optional(_ name: String) throws(TokenizerError) -> ConfigurationValue? {
        guard let member = try members()[ByteString(name)] else { return nil }
        if case .null = member { return nil }
        return child(member, name)
    }

    func required(_ name: String) throws(TokenizerError) -> ConfigurationValue {
        guard let member = try optional(name) else { throw malformed("\"\(name)\" is missing") }
        return member
    }

    func text() throws(TokenizerError) -> ByteString {
        guard case .string(let text) = value else { throw expected("a string") }
        return text
    }

    func boolean() throws(TokenizerError) -> Bool {
        guard case .boolean(let boolean) = value else { throw expected("true or false") }
        return boolean
    }

    /// A token id: the library stores them in 32 bits; half of that range is more than any vocabulary needs.
    func tokenID() throws(TokenizerError) -> Int32 {
        guard case .integer(let integer) = value, let id = Int32(exactly: integer), id >= 0 else {
            throw expected("a token id (an integer from 0 to \(Int32.max))")
        }
        return id
    }

    /// The component's `type` field.
    func typeName() throws(TokenizerError) -> String {
        try required("type").text().description
    }
}
