import AdaDimExport
import AdaDimFiles
import Foundation

/// Writes a report as people read JSON, too.
func writeReport(_ report: some Encodable, to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeFile(String(decoding: try encoder.encode(report), as: UTF8.self), to: file)
}

/// Writes a text to a new file.
/// - Throws: ``ExportError/system(path:operation:reason:)``.
func writeFile(_ text: String, to file: URL) throws { try writeFile(to: file) { try $0(text) } }

/// Writes a new file piece by piece.
/// - Throws: what `body` throws; ``ExportError/system(path:operation:reason:)``.
func writeFile(to file: URL, _ body: ((String) throws -> Void) throws -> Void) throws {
    let output = try ExportError.wrapping { () throws(FileFailure) in try OutputFile(creating: file.path) }
    try body { text in try ExportError.wrapping { () throws(FileFailure) in try output.append(text) } }
    try ExportError.wrapping { () throws(FileFailure) in try output.synchronizeAndClose() }
}
