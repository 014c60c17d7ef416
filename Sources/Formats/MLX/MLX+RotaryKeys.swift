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
        if isMissing("rope_theta"), let base = parameters.value("rope_theta") {
            completion.append(("rope_theta", Data(Self.text(base).utf8)))
        }
        let type = try parameters.string("rope_type") ?? "default"
        if isMissing("rope_scaling"), type != "default" {
            let members = parameters.members.filter { $0.key != "rope_theta" }
            completion.append(("rope_scaling", Data(Self.text(members).utf8)))
        }
        return completion
    }

    private static func text(_ members: [String: JSONValue]) -> String {
        let members = members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)): \(text($0.value))" }
        return "{\(members.joined(separator: ", "))}"
    }

    /// A value as JSON.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .boolean(let value): "\(value)"
        case .string(let text): quoted("\(text)")
        case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
        case .object(let members):
            text(Dictionary(members.map { ("\($0.key)", $0.value) }, uniquingKeysWith: { $1 }))
        }
    }

    private static func quoted(_ text: String) -> String {
        (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
