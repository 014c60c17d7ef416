import AdaDimFiles
import AdaDimJSON
import Foundation
import Glibc

// What may be written where, and what may be replaced.

extension OutputDirectory {
    /// Paths of all files in a directory and its subfolders, sorted: what the report of an output lists as `files`.
    package static func files(in directory: URL) throws(ExportError) -> [String] {
        try tree(directory.path).files.sorted()
    }

    static func tree(_ path: String) throws(ExportError) -> DirectoryTree {
        try ExportError.naming { () throws(FileFailure) in try DirectoryTree(path) }
    }

    static func check(_ output: ResolvedPath, _ path: String, against model: String) throws(ExportError) {
        // An empty path means this directory too, and a URL no longer tells the two apart.
        if output.path == ResolvedPath.resolve(".") { throw .outputIsCurrentDirectory(output: path) }
        guard let model = ResolvedPath.resolve(model) else { throw failure(model, "finding the model's directory") }
        let (outputParts, modelParts) = (components(output.path), components(model))
        if outputParts == modelParts { throw .outputIsModel(output: path) }
        if outputParts.starts(with: modelParts) { throw .outputInsideModel(output: path, model: model) }
        if modelParts.starts(with: outputParts) { throw .outputHoldsModel(output: path, model: model) }
    }

    private static func components(_ path: String) -> [Substring] { path.split(separator: "/") }

    /// Throws unless nothing stands at `output`, or an earlier output with nothing added to it, which may be replaced.
    /// - Returns: what the earlier output holds.
    @discardableResult
    static func checkReplaceable(
        _ output: ResolvedPath, report reportName: String, overwrite: Bool
    ) throws(ExportError) -> DirectoryTree? {
        guard output.exists else { return nil }
        guard overwrite else { throw .outputExists(output: output.path) }
        func notOurs(_ reason: String) -> ExportError { .notOurs(output: output.path, reason: reason) }
        guard try kind(of: output.path) == S_IFDIR else { throw notOurs("it is not a directory") }
        guard let bytes = try? readFile(output.path + "/" + reportName) else {
            throw notOurs("it holds no \(reportName)")
        }
        guard let report = try? JSONDocument(bytes).value, let producer = report["producer"]?.text,
            producer.hasPrefix(producerPrefix)
        else { throw notOurs("the producer in its \(reportName) does not begin with \(producerPrefix)") }
        guard let listed = report["files"]?.texts.map(Set.init) else {
            throw notOurs("its \(reportName) does not list the files that the tool wrote")
        }
        let found = try tree(output.path)
        // This tool writes no links, and no directories but for its files.
        for name in found.directories where !listed.contains(where: { $0.hasPrefix(name + "/") }) {
            throw notOurs("it holds \(name), which this tool did not write")
        }
        for name in found.files {
            let isFile = try kind(of: output.path + "/" + name) == S_IFREG
            guard isFile, listed.contains(name) else {
                throw notOurs("it holds \(name), which this tool did not write")
            }
        }
        return found
    }

    /// What the system says stands at a path, links not followed.
    private static func kind(of path: String) throws(ExportError) -> mode_t {
        var status = stat()
        guard lstat(path.systemBytes, &status) == 0 else { throw failure(path, "looking at it") }
        return status.st_mode & S_IFMT
    }
}
