/// One line of a JSON Lines file, an object, as Python's json module reads it.
package struct JSONLine {
    package struct Failure: Error, Equatable {
        package let problem: String
    }

    private let object: JSONValue

    package init(_ line: ArraySlice<UInt8>) throws(Failure) {
        do {
            object = try JSONDocument(line: line).value
        } catch {
            throw Failure(problem: error.inLine)
        }
        guard case .object = object else { throw Failure(problem: "found \(object.summary)") }
    }

    /// The names of its fields, those that hold a string first.
    package var fields: [String] {
        guard case .object(let members) = object else { return [] }
        let texts = members.filter { if case .string = $0.value { true } else { false } }
        return (texts.keys + members.keys.filter { texts[$0] == nil }).map(\.description)
    }

    /// What a field holds, which must be a string.
    package func text(of field: String) throws(Failure) -> String {
        guard let value = object[field] else {
            let fields = fields.isEmpty ? "none" : fields.map { "\"\($0)\"" }.joined(separator: ", ")
            throw Failure(problem: "no field \"\(field)\"; its fields are: \(fields)")
        }
        guard let text = value.text else { throw Failure(problem: "the field \"\(field)\" is \(value.summary)") }
        return text
    }
}
