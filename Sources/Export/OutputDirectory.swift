import AdaDimFiles
import AdaDimOutputs
import Foundation

/// The directory that a run writes, completely or not at all: see `PendingDirectory`. In addition to the rules there,
/// it must be outside the model's directory, and it replaces only files that its report lists as this tool's.
package final class OutputDirectory {
    /// In a quantized model, a report of this name, whose `producer` begins with "adadim" and whose `files` name everything
    /// in the directory, marks it as ours to replace.
    package static let reportName = "quantization-report.json"
    package static let producerPrefix = "adadim"

    private let pending: PendingDirectory<ExportError>

    /// Where to write until the end.
    package var partial: URL { URL(fileURLWithPath: pending.partial, isDirectory: true) }
    /// The directory that will contain it.
    package var parent: String { pending.output.parent }

    /// Checks that `output` may be written and creates the hidden sibling.
    /// - Parameters:
    ///   - model: the directory that is read; `output` may not be it, contain it or be inside it.
    ///   - report: name of the report that marks an earlier output of the same kind.
    ///   - overwrite: whether to replace `output` if it is an earlier output of this tool.
    ///   - synchronizer: writes the entries of the directory, its subfolders and its parent to the disk.
    ///   - exchange: puts it in an earlier output's place.
    ///   - notice: called, here and at the end, with messages for the user.
    package init(
        _ output: URL, model: URL, report: String = reportName, overwrite: Bool,
        synchronizer: FolderSynchronizer = .system, exchange: NameExchange = .system,
        notice: @escaping (String) -> Void = { _ in }
    ) throws(ExportError) {
        let resolved = try ExportError.wrapping { () throws(OutputFailure) in try ResolvedPath(output: output.path) }
        let model = try Self.check(resolved, output.path, against: model.path)
        pending = try PendingDirectory(
            output.path, marker: report, overwrite: overwrite, sparing: model, synchronizer: synchronizer,
            exchange: exchange, notice: notice
        ) { path, mayReplace in
            Result { () throws(ExportError) in
                try Self.checkReplaceable(path, report: report, overwrite: mayReplace)
            }
        }
    }

    /// Calls `body` with the hidden sibling, then gives the directory its name; if either throws, nothing is left.
    package func complete<Result>(_ body: (_ partial: URL) throws -> Result) throws -> Result {
        do {
            let result = try body(partial)
            try commit()
            return result
        } catch {
            discard()
            throw error
        }
    }

    /// Gives the directory its name, once its files are on the disk, in place of an earlier output.
    package func commit() throws(ExportError) { try pending.commit() }

    /// Removes what was written. Does nothing after ``commit()``.
    package func discard() { pending.discard() }
}
