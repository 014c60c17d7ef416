import AdaDimArchitectures
import AdaDimJSON

extension ModelConfiguration {
    /// Refuses keys by which another function would be computed.
    /// - Returns: the keys that nothing is known of, sorted.
    static func unknownKeys(_ keys: JSONKeys, _ architecture: Architecture) throws(CheckpointError) -> [String] {
        for (key, fixed) in architecture.fixedKeys.sorted(by: { $0.key < $1.key }) {
            let values = fixed.map(JSONValue.init)
            guard let value = keys.members[key], !values.contains(value) else { continue }
            throw .unsupported(
                file: keys.file, key: key, found: value.summary, supported: values.map(\.summary) + ["no \(key)"])
        }
        return Set(keys.members.keys).subtracting(architecture.knownKeys).sorted()
    }

    /// The notice about unknown keys; nil where there are none.
    static func notice(ofUnknown keys: [String], file: String) -> String? {
        guard !keys.isEmpty else { return nil }
        return "\(file): carried over without effect, as transformers' models of this type do not know them: "
            + keys.joined(separator: ", ")
    }
}

extension JSONValue {
    fileprivate init(_ value: ConfigurationKeys.FixedValue) {
        switch value {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .emptyObject: self = .object([:])
        }
    }
}
