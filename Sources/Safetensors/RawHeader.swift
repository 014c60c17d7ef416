import AdaDimJSON

/// A header as the JSON has it, types checked and nothing else.
struct RawHeader {
    private(set) var tensors: [(name: String, entry: RawEntry)] = []
    /// The strings under `__metadata__`.
    private(set) var metadata: [String: String] = [:]

    init(_ json: [UInt8]) throws(SafetensorsError.Problem) {
        let header: JSONValue
        do {
            header = try JSONDocument(json, as: .strict).value
        } catch {
            throw .headerNotJSON(reason: "\(error)")
        }
        guard case .object(let members) = header else {
            throw .headerNotJSON(reason: "found \(header.summary), expected an object")
        }
        for (name, value) in members {
            if name == "__metadata__" {
                metadata = try Self.metadata(value)
            } else {
                tensors.append((name.description, RawEntry(value)))
            }
        }
        // As texts, names are equal that differ in their bytes: those of one letter, composed and decomposed.
        let distinct = Set(tensors.map(\.name)).count
        guard distinct == tensors.count else {
            throw .duplicateNames(members: tensors.count, distinct: distinct)
        }
    }

    private static func metadata(_ value: JSONValue) throws(SafetensorsError.Problem) -> [String: String] {
        guard let members = value.members else { throw .metadataNotStrings }
        let strings = members.compactMapValues(\.text)
        guard strings.count == members.count else { throw .metadataNotStrings }
        return strings
    }
}

/// A tensor's entry. What is wrong with one is kept as a value, so that the error can name the tensor.
enum RawEntry {
    case fields(elementType: String, shape: [Int], offsets: [Int])
    case malformed(reason: String)

    init(_ value: JSONValue) {
        guard let members = value.members else {
            self = .malformed(reason: "the entry is not an object")
            return
        }
        if let unknown = members.keys.sorted().first(where: { !["dtype", "shape", "data_offsets"].contains($0) }) {
            self = .malformed(reason: "unknown key \(unknown), expected dtype, shape and data_offsets")
            return
        }
        guard let elementType = members["dtype"]?.text else {
            self = .malformed(reason: "dtype is missing or not a string")
            return
        }
        guard let shape = members["shape"]?.wholeNumbers else {
            self = .malformed(reason: "shape is missing or not a list of integers that fit in 64 bits")
            return
        }
        guard let offsets = members["data_offsets"]?.wholeNumbers else {
            self = .malformed(reason: "data_offsets is missing or not a list of integers that fit in 64 bits")
            return
        }
        self = .fields(elementType: elementType, shape: shape, offsets: offsets)
    }
}
