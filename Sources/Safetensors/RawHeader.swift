/// A header as the JSON has it, types checked and nothing else.
struct RawHeader: Decodable {
    private(set) var tensors: [(name: String, entry: RawEntry)] = []
    private(set) var metadata: RawMetadata?
    var memberCount: Int { tensors.count + (metadata == nil ? 0 : 1) }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for key in container.allKeys {
            if key.stringValue == "__metadata__" {
                metadata = try container.decode(RawMetadata.self, forKey: key)
            } else {
                tensors.append((key.stringValue, try container.decode(RawEntry.self, forKey: key)))
            }
        }
    }

    /// Any member's name.
    struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}

/// `__metadata__`; `strings` is nil where it is anything but a map from strings to strings.
struct RawMetadata: Decodable {
    let strings: [String: String]?
    init(from decoder: any Decoder) { strings = try? [String: String](from: decoder) }
}

/// A tensor's entry. What is wrong with one is kept as a value, so that the error can name the tensor.
enum RawEntry: Decodable {
    case fields(elementType: String, shape: [Int], offsets: [Int])
    case malformed(reason: String)

    private enum Field: String, CodingKey, CaseIterable {
        case elementType = "dtype"
        case shape
        case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) {
        guard let container = try? decoder.container(keyedBy: RawHeader.Name.self) else {
            self = .malformed(reason: "the entry is not an object")
            return
        }
        func value<Value: Decodable>(_ field: Field) -> Value? {
            try? container.decode(Value.self, forKey: RawHeader.Name(stringValue: field.rawValue))
        }
        if let unknown = container.allKeys.map(\.stringValue).sorted().first(where: { Field(rawValue: $0) == nil }) {
            self = .malformed(reason: "unknown key \(unknown), expected dtype, shape and data_offsets")
            return
        }
        guard let elementType: String = value(.elementType) else {
            self = .malformed(reason: "dtype is missing or not a string")
            return
        }
        guard let shape: [Int] = value(.shape) else {
            self = .malformed(reason: "shape is missing or not a list of integers that fit in 64 bits")
            return
        }
        guard let offsets: [Int] = value(.offsets) else {
            self = .malformed(reason: "data_offsets is missing or not a list of integers that fit in 64 bits")
            return
        }
        self = .fields(elementType: elementType, shape: shape, offsets: offsets)
    }
}
