import AdaDimExport
import Foundation

/// Writes a report as people read JSON, too.
func writeReport(_ report: some Encodable, to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeFile(String(decoding: try encoder.encode(report), as: UTF8.self), to: file)
}

/// Writes a text to a file of its own.
/// - Throws: ``ExportError/system(path:operation:reason:)``.
func writeFile(_ text: String, to file: URL) throws { try writeFile(to: file) { try $0(text) } }

/// Writes a file of its own piece by piece.
/// - Throws: what `body` throws; ``ExportError/system(path:operation:reason:)``.
func writeFile(to file: URL, _ body: ((String) throws -> Void) throws -> Void) throws {
    let handle = try creatingFile(file)
    defer { try? handle.close() }
    try body { text in try namingFile(file) { try handle.write(contentsOf: Data(text.utf8)) } }
    try namingFile(file) { try handle.synchronize() }
}

/// A new, empty file, to be written and read.
func creatingFile(_ file: URL) throws -> FileHandle {
    try namingFile(file) {
        try Data().write(to: file)
        return try FileHandle(forUpdating: file)
    }
}

/// Runs `act`, which writes a file.
/// - Throws: ``ExportError/system(path:operation:reason:)`` where the system refuses, with its own words: Foundation's give
///   numbers.
func namingFile<Result>(_ file: URL, _ act: () throws -> Result) throws -> Result {
    do {
        return try act()
    } catch {
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
        let reason = cause.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(cause.code))) : "\(error)"
        throw ExportError.system(path: file.path, operation: "writing", reason: reason)
    }
}
