import AdaDimCheckpoint
import Foundation
import Glibc

/// The files of a model that an export takes along as they are: tokenizer, generation settings, chat templates,
/// licence.
package struct CarriedFiles {
    private let source: URL
    private let configFile: URL
    /// config.json as it was when the export began.
    private let config: Data

    init(_ model: Checkpoint) throws(ExportError) {
        source = model.directory
        configFile = source.appendingPathComponent("config.json")
        config = try Self.contents(of: configFile)
    }

    /// Whether a file at the top of a model's directory is carried. Weights, their indices, config.json, and the report
    /// of an earlier run are not.
    package static func isCarried(_ name: String) -> Bool {
        if name.hasPrefix(".") || name == "config.json" || name == OutputDirectory.reportName { return false }
        if name.hasSuffix(".index.json") { return false }
        return [".json", ".txt", ".model", ".jinja"].contains { name.hasSuffix($0) }
            || ["LICENSE", "LICENCE", "NOTICE", "README"].contains { name.uppercased().hasPrefix($0) }
    }

    /// Copies them, links followed.
    func copy(into directory: URL) throws(ExportError) {
        for name in try OutputDirectory.files(in: source) where Self.isCarried(name) {
            let file = source.appendingPathComponent(name)
            // What is not there, as behind a broken link, is for the reading to report.
            var status = stat()
            if stat(file.path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG { continue }
            try Self.write(try Self.contents(of: file), to: directory.appendingPathComponent(name))
        }
    }

    /// Copies config.json with some members set, each to a value that is JSON; everything else stays as it is, byte by
    /// byte.
    func copyConfig(into directory: URL, setting members: [(key: String, value: Data)]) throws(ExportError) {
        var text = config
        for (key, value) in members {
            text = try ConfigText(text, file: configFile.path).setting(key, to: value)
        }
        try Self.write(text, to: directory.appendingPathComponent("config.json"))
    }

    private static func contents(of file: URL) throws(ExportError) -> Data {
        do {
            return try Data(contentsOf: file)
        } catch {
            throw .system(path: file.path, operation: "reading", reason: error.localizedDescription)
        }
    }

    private static func write(_ data: Data, to file: URL) throws(ExportError) {
        do {
            try data.write(to: file)
        } catch {
            throw .system(path: file.path, operation: "writing", reason: error.localizedDescription)
        }
    }
}
