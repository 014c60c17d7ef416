import Foundation

/// The file of `--json`: looked at before the work, written after it, all at once.
package struct ResultsFile {
    package struct Unwritable: Error, CustomStringConvertible {
        package let description: String
    }

    private let url: URL

    /// Leaves a file that is already there as it is.
    /// - Throws: ``Unwritable`` where none could be written.
    package init(_ path: String) throws(Unwritable) {
        url = URL(filePath: path).resolvingSymlinksInPath()
        let files = FileManager.default
        let type = try? files.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType
        let isFree = !files.fileExists(atPath: path) || type == .typeRegular && files.isWritableFile(atPath: url.path)
        guard isFree && files.isWritableFile(atPath: url.deletingLastPathComponent().path) else {
            throw Unwritable(description: "--json \(path): no file can be written there")
        }
    }

    package func write(_ results: Results) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try (encoder.encode(results) + Data("\n".utf8)).write(to: url, options: .atomic)
    }
}
