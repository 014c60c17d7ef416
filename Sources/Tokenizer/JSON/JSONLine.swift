/// One line of a JSON Lines file, an object, as Python's json module reads it.
package struct JSONLine {
    package struct Failure: Error, Equatable {
        package let problem: String
    }

    private let members: [(key: ByteString, value: JSONValue)]

    package init(_ line: ArraySlice<UInt8>) throws(Failure) {
        let bytes = Array(line)
        do {
            let (members, value) = try JSONParser.parseMembers(bytes, .python)
            guard let members else { throw Failure(problem: "found \(value.map(Self.summary) ?? "nothing")") }
            self.members = members
        } catch let failure as JSONParser.Failure {
            throw Failure(problem: "no JSON: \(failure.problem) (at byte \(failure.offset) of \(bytes.count))")
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(problem: "\(error)")
        }
    }

    /// A string may be a whole book.
    private static func summary(_ value: JSONValue) -> String {
        if case .string = value { "a string" } else { value.summary }
    }

    /// The names of its fields, those that hold a string first.
    package var fields: [String] {
        let texts = members.filter { if case .string = $0.value { true } else { false } }
        var names: [ByteString] = []
        for member in texts + members where !names.contains(member.key) { names.append(member.key) }
        return names.map(\.description)
    }

    /// What a field holds, which must be a string.
    package func text(of field: String) throws(Failure) -> String {
        let found = members.filter { $0.key == ByteString(field) }
        guard let value = found.first?.value else {
            let fields = fields.isEmpty ? "none" : fields.map { "\"\($0)\"" }.joined(separator: ", ")
            throw Failure(problem: "no field \"\(field)\"; its fields are: \(fields)")
        }
        guard found.count == 1 else { throw Failure(problem: "the field \"\(field)\" appears \(found.count) times") }
        guard case .string(let text) = value else {
            throw Failure(problem: "the field \"\(field)\" is \(Self.summary(value))")
        }
        guard let decoded = String(validating: text.bytes, as: UTF8.self) else {
            throw Failure(problem: "the field \"\(field)\" has half of a surrogate pair, which is no character")
        }
        return decoded
    }
}
