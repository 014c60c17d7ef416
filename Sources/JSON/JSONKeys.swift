/// The members of a JSON object in a file, read by key and type; what is missing or ill-typed is an error that names
/// the file and the key, of the reader's own kind.
package struct JSONKeys<Failure: JSONKeysFailure>: Sendable {
    package let file: String
    /// The path of the object in the file's outermost one: "rope_scaling.", or nothing.
    package private(set) var path = ""
    package let members: [String: JSONValue]
    /// What is right but surprising about the file; nil in its inner objects.
    package private(set) var notice: String?

    /// The outermost object of a file's bytes.
    package init(_ bytes: some Sequence<UInt8>, file: String) throws(Failure) {
        self.file = file
        let document: JSONDocument
        do {
            document = try JSONDocument([UInt8](bytes))
        } catch {
            throw .invalidJSON(file: file, reason: "\(error)")
        }
        guard let members = document.value.members else {
            throw .invalidJSON(file: file, reason: "found \(document.value.summary), expected an object")
        }
        self.members = members
        notice = document.notice.map { "\(file): \($0)" }
    }

    private init(file: String, path: String, members: [String: JSONValue]) {
        self.file = file
        self.path = path
        self.members = members
    }

    package func has(_ key: String) -> Bool { members[key] != nil }

    /// The value of a key; nil where it is missing or null.
    package func value(_ key: String) -> JSONValue? { members[key] == .null ? nil : members[key] }

    package func wrong(_ key: String, expected: String) -> Failure {
        guard let found = members[key] else { return .missingKey(file: file, key: path + key, expected: expected) }
        return .wrongValue(file: file, key: path + key, found: found.summary, expected: expected)
    }

    // Each returns nil where the key is missing or null, and throws where it holds something else.

    package func boolean(_ key: String) throws(Failure) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .boolean(let result) = value else { throw wrong(key, expected: "true or false") }
        return result
    }

    package func string(_ key: String) throws(Failure) -> String? {
        guard let value = value(key) else { return nil }
        guard let result = value.text else { throw wrong(key, expected: "a string") }
        return result
    }

    /// A size from `least` to `most`, by default what fits BLAS's 32-bit integers.
    package func size(
        _ key: String, least: Int = 1, most: Int = Int(Int32.max)
    ) throws(Failure) -> Int? {
        guard let value = value(key) else { return nil }
        guard let result = value.wholeNumber, result >= least, result <= most else {
            throw wrong(key, expected: "an integer from \(least) to \(most)")
        }
        return result
    }

    package func positiveNumber(_ key: String) throws(Failure) -> Double? {
        guard let value = value(key) else { return nil }
        let result: Double
        switch value {
        case .integer(let integer): result = Double(integer)
        case .real(let number): result = number
        default: throw wrong(key, expected: "a positive number")
        }
        guard result > 0 && result.isFinite else { throw wrong(key, expected: "a positive number") }
        return result
    }

    package func strings(_ key: String) throws(Failure) -> [String]? {
        guard let value = value(key) else { return nil }
        guard let result = value.texts else { throw wrong(key, expected: "a list of strings") }
        return result
    }

    package func object(_ key: String) throws(Failure) -> JSONKeys? {
        guard let value = value(key) else { return nil }
        guard let members = value.members else { throw wrong(key, expected: "an object") }
        return JSONKeys(file: file, path: path + key + ".", members: members)
    }

    /// An object of a list; nil where there is none at that place, or something else.
    package func element(_ index: Int, of key: String) throws(Failure) -> JSONKeys? {
        guard case .array(let elements)? = value(key), elements.indices.contains(index),
            let members = elements[index].members
        else { return nil }
        return JSONKeys(file: file, path: "\(path)\(key)[\(index)].", members: members)
    }

    /// The value that a reader returned, or the error of its being missing.
    package func required<Value>(_ value: Value?, _ key: String, expected: String) throws(Failure) -> Value {
        guard let value else { throw wrong(key, expected: expected) }
        return value
    }
}

/// An error that says what is wrong with a key, or with the file as a whole.
package protocol JSONKeysFailure: Error {
    static func invalidJSON(file: String, reason: String) -> Self
    static func missingKey(file: String, key: String, expected: String) -> Self
    static func wrongValue(file: String, key: String, found: String, expected: String) -> Self
}
