import AdaDimSafetensors
import Foundation

/// The members of a JSON object in a file, read by key and type; what is missing or ill-typed is an error that names
/// the file and the key.
struct JSONKeys {
    let file: String
    /// Where the object lies in the file's outermost one: "rope_scaling.", or nothing.
    var path = ""
    let members: [String: JSONValue]

    /// The outermost object of `data`.
    init(_ data: Data, file: String) throws(CheckpointError) {
        self.file = file
        let text = JSONText(data)
        do {
            members = try text.members()
        } catch {
            throw .invalidJSON(file: file, reason: decodingErrorText(error))
        }
        // Readers differ in which of two values they take.
        for (key, places) in text.valueStarts.sorted(by: { $0.key < $1.key }) where places.count > 1 {
            throw .inconsistent(file: file, reason: "\(key) stands there \(places.count) times, expected once")
        }
    }

    private init(file: String, path: String, members: [String: JSONValue]) {
        self.file = file
        self.path = path
        self.members = members
    }

    func has(_ key: String) -> Bool { members[key] != nil }

    /// The value of a key; nil where it is missing or null.
    func value(_ key: String) -> JSONValue? { members[key] == .null ? nil : members[key] }

    func wrong(_ key: String, expected: String) -> CheckpointError {
        guard let found = members[key] else { return .missingKey(file: file, key: path + key, expected: expected) }
        return .wrongValue(file: file, key: path + key, found: found.quoted, expected: expected)
    }

    // Each returns nil where the key is missing or null, and throws where it holds something else.

    func boolean(_ key: String) throws(CheckpointError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .boolean(let result) = value else { throw wrong(key, expected: "true or false") }
        return result
    }

    func string(_ key: String) throws(CheckpointError) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let result) = value else { throw wrong(key, expected: "a string") }
        return result
    }

    /// A size from `least` to `most`, by default what fits BLAS's 32-bit integers.
    func size(
        _ key: String, least: Int = 1, most: Int = Int(Int32.max)
    ) throws(CheckpointError) -> Int? {
        guard let value = value(key) else { return nil }
        guard case .integer(let result) = value, result >= least, result <= most else {
            throw wrong(key, expected: "an integer from \(least) to \(most)")
        }
        return result
    }

    func positiveNumber(_ key: String) throws(CheckpointError) -> Double? {
        guard let value = value(key) else { return nil }
        let result: Double
        switch value {
        case .integer(let integer): result = Double(integer)
        case .number(let number): result = number
        default: throw wrong(key, expected: "a positive number")
        }
        guard result > 0 && result.isFinite else { throw wrong(key, expected: "a positive number") }
        return result
    }

    func strings(_ key: String) throws(CheckpointError) -> [String]? {
        guard let value = value(key) else { return nil }
        guard case .array(let elements) = value else { throw wrong(key, expected: "a list of strings") }
        var result: [String] = []
        for element in elements {
            guard case .string(let string) = element else { throw wrong(key, expected: "a list of strings") }
            result.append(string)
        }
        return result
    }

    func object(_ key: String) throws(CheckpointError) -> JSONKeys? {
        guard let value = value(key) else { return nil }
        guard case .object(let members) = value else { throw wrong(key, expected: "an object") }
        return JSONKeys(file: file, path: path + key + ".", members: members)
    }

    /// The value that a reader returned, or the error of its being missing.
    func required<Value>(_ value: Value?, _ key: String, expected: String) throws(CheckpointError) -> Value {
        guard let value else { throw wrong(key, expected: expected) }
        return value
    }
}
