import AdaDimFiles
import AdaDimJSON
import AdaDimOutputs
import Foundation

// What may be written where, and what may be replaced. All names are compared by their bytes.

extension OutputDirectory {
    /// Paths of all files in a directory and its subfolders, sorted: what the report of an output lists as `files`.
    package static func files(in directory: URL) throws(ExportError) -> [String] {
        try tree(directory.path).files.sorted()
    }

    private static func tree(_ path: String) throws(ExportError) -> DirectoryTree {
        try ExportError.wrapping { () throws(FileFailure) in try DirectoryTree(path) }
    }

    /// - Returns: the model's directory, links followed.
    static func check(
        _ output: ResolvedPath, _ path: String, against model: String
    ) throws(ExportError) -> String {
        // An empty path means this directory too, and a URL cannot distinguish the two.
        if realPath(".")?.isSamePath(as: output.path) == true { throw .outputIsCurrentDirectory(output: path) }
        guard let model = realPath(model) else {
            let failure = FileFailure(model, "finding the model's directory")
            throw .system(path: model, operation: failure.operation, reason: failure.reason)
        }
        let (outputParts, modelParts) = (output.path.componentBytes, model.componentBytes)
        if outputParts == modelParts { throw .outputIsModel(output: path) }
        if outputParts.starts(with: modelParts) { throw .outputInsideModel(output: path, model: model) }
        if modelParts.starts(with: outputParts) { throw .outputHoldsModel(output: path, model: model) }
        return model
    }

    /// Throws unless there is an earlier output at a path with nothing added to it, which may be replaced.
    /// - Returns: its contents.
    static func checkReplaceable(
        _ path: String, report reportName: String, overwrite: Bool
    ) throws(ExportError) -> DirectoryTree {
        guard overwrite else { throw .output(.exists(output: path)) }
        func notOurs(_ reason: String) -> ExportError { .output(.notOurs(output: path, reason: reason)) }
        guard FileStatus.kind(of: path, followingLinks: false) == .directory else {
            throw notOurs("it is not a directory")
        }
        let written = try listedFiles(path, reportName, notOurs)
        let folders = Set(written.flatMap(foldersAbove))
        let found = try tree(path)
        func refuse(_ name: String) -> ExportError { notOurs("it holds \(name), which this tool did not write") }
        // This tool writes no links, and no directories but for its files.
        for name in found.directories where !folders.contains(name.pathBytes) { throw refuse(name) }
        for name in found.files {
            let kind = FileStatus.kind(of: path + "/" + name, followingLinks: false)
            guard kind == .file, written.contains(name.pathBytes) else { throw refuse(name) }
        }
        return found
    }

    /// The paths that an earlier output's report lists as its own.
    private static func listedFiles(
        _ path: String, _ reportName: String, _ notOurs: (String) -> ExportError
    ) throws(ExportError) -> Set<[UInt8]> {
        let file = path + "/" + reportName
        guard FileStatus.kind(of: file) == .file else { throw notOurs("it holds no \(reportName)") }
        let bytes: [UInt8]
        do {
            bytes = try readFile(file, atMost: mostReportBytes)
        } catch {
            throw notOurs("its \(reportName) cannot be read: \(error.reason)")
        }
        guard let report = try? JSONDocument(bytes).value, let producer = report["producer"]?.text,
            producer.hasPrefix(producerPrefix)
        else { throw notOurs("the producer in its \(reportName) does not begin with \(producerPrefix)") }
        guard let listed = report["files"]?.texts else {
            throw notOurs("its \(reportName) does not list the files that the tool wrote")
        }
        return Set(listed.map(\.pathBytes))
    }

    /// Bytes of a report, some thousand for each layer.
    package static let mostReportBytes = 256 << 20

    /// `a` and `a/b` for `a/b/c`.
    private static func foldersAbove(_ path: [UInt8]) -> [[UInt8]] {
        path.indices.filter { path[$0] == UInt8(ascii: "/") }.map { Array(path[..<$0]) }
    }
}
