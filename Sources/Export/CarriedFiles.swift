import AdaDimCheckpoint
import Foundation

/// The files of a model that an export takes along as they are: tokenizer, generation settings, chat templates, licence.
package struct CarriedFiles {
    private let source: URL

    init(_ model: Checkpoint) { source = model.directory }

    /// Whether a file at the top of a model's directory is carried. Weights, their indices, config.json, and the report
    /// of an earlier run are not.
    package static func isCarried(_ name: String) -> Bool {
        if name.hasPrefix(".") || name == "config.json" || name == OutputDirectory.reportName { return false }
        if name.hasSuffix(".index.json") { return false }
        return [".json", ".txt", ".model", ".jinja"].contains { name.hasSuffix($0) }
            || ["LICENSE", "LICENCE", "NOTICE", "README"].contains { name.uppercased().hasPrefix($0) }
    }

    /// Copies them, links followed.
    func copy(into directory: URL) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path).sorted() {
            let file = source.appendingPathComponent(name).resolvingSymlinksInPath()
            let isRegular = try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile ?? false
            guard Self.isCarried(name), isRegular else { continue }
            try Data(contentsOf: file).write(to: directory.appendingPathComponent(name))
        }
    }

    /// Copies config.json byte by byte.
    func copyConfig(into directory: URL) throws {
        try Data(contentsOf: source.appendingPathComponent("config.json"))
            .write(to: directory.appendingPathComponent("config.json"))
    }

    /// Copies config.json with one member more, `value` being JSON; everything else stays as it is, byte by byte.
    func copyConfig(into directory: URL, adding key: String, _ value: Data) throws {
        let file = source.appendingPathComponent("config.json")
        let config = try Self.adding(key, value, to: try Data(contentsOf: file), file: file.path)
        try config.write(to: directory.appendingPathComponent("config.json"))
    }

    /// A JSON object with one member more at its end.
    package static func adding(_ key: String, _ value: Data, to object: Data, file: String) throws(ExportError) -> Data
    {
        let whitespace: Set<UInt8> = [0x20, 0x09, 0x0a, 0x0d]
        guard let members = try? JSONDecoder().decode([String: JSONValue].self, from: object),
            let close = object.lastIndex(of: UInt8(ascii: "}"))
        else { throw .badConfig(file: file, reason: "not a JSON object") }
        // A null under the key says the same as nothing, but two members of one name would not.
        guard members[key] == nil else {
            throw .badConfig(file: file, reason: "holds \(key) already, expected an unquantized model's")
        }
        guard let last = object[..<close].lastIndex(where: { !whitespace.contains($0) }) else {
            throw .badConfig(file: file, reason: "not a JSON object")
        }
        var result = object[...last]
        if !members.isEmpty { result.append(UInt8(ascii: ",")) }
        result.append(contentsOf: "\n  \"\(key)\": ".utf8)
        result.append(value)
        result.append(contentsOf: "\n".utf8)
        result.append(object[close...])
        return Data(result)
    }
}
