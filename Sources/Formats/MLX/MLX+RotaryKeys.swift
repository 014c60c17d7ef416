import AdaDimJSON
import Foundation

extension MLX {
    /// `rope_theta` and `rope_scaling`, from which mlx-lm 0.32.2 takes the rotary base and its scaling, where a configuration has
    /// them in `rope_parameters` alone, as transformers 5 writes them: mlx-lm reads that object for Qwen3 and for no other of these
    /// architectures, and computes with a base of its own where it finds none.
    package func completion(of config: JSONKeys<FormatError>) throws(FormatError) -> [(key: String, value: Data)] {
        guard let parameters = try config.object("rope_parameters") else { return [] }
        func isMissing(_ key: String) -> Bool { config.value(key) == nil || config.value(key) == .null }
        var completion: [(key: String, value: Data)] = []
        if isMissing("rope_theta"), let base = parameters.value("rope_theta"), let text = Self.text(base) {
            completion.append(("rope_theta", Data(text.utf8)))
        }
        let type = try parameters.string("rope_type") ?? "default"
        if isMissing("rope_scaling"), type != "default" {
            let members = parameters.members.filter { $0.key != "rope_theta" }.sorted { $0.key < $1.key }
            let texts = members.compactMap { key, value in Self.text(value).map { "\"\(key)\": \($0)" } }
            completion.append(("rope_scaling", Data("{\(texts.joined(separator: ", "))}".utf8)))
        }
        return completion
    }

    /// A number, a name or a truth value as JSON; nil for anything else.
    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .boolean(let value): "\(value)"
        case .string(let text): (try? JSONEncoder().encode("\(text)")).map { String(decoding: $0, as: UTF8.self) }
        case .null, .array, .object: nil
        }
    }
}
