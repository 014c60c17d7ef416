import AdaDimFiles
import AdaDimOutputs
import AdaDimQuantization
import Foundation
import Glibc

/// The directory of a baseline: `baseline.json`, and `codes/` with a file of packed codes for each run. Written to a
/// hidden sibling that gets the directory's name at the end, so that there is a whole baseline or none.
package struct BaselineDirectory: Sendable {
    package let path: String

    package init(_ path: String) {
        // Without the closing slash, which would hide the last component from the renaming.
        var path = path
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    /// Links resolved, so that it is their target which is replaced.
    private var url: URL {
        guard let resolved = realpath(path.systemBytes, nil) else {
            return URL(filePath: path, directoryHint: .notDirectory).absoluteURL.standardizedFileURL
        }
        defer { free(resolved) }
        return URL(filePath: String(systemBytes: resolved), directoryHint: .notDirectory)
    }
    private var parent: URL { url.deletingLastPathComponent() }
    package var baselinePath: String { path + "/" + Baseline.fileName }

    /// Checks, before any work is done, that a baseline can be written here.
    /// - Throws: ``RegressionError``.
    package func checkWritable(overwrite: Bool) throws(RegressionError) {
        let parent = parent.path
        guard access(parent.systemBytes, W_OK | X_OK) == 0 else {
            throw failure(parent, "a baseline cannot be written in it")
        }
        var status = stat()
        guard stat(url.path.systemBytes, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .system(path: path, operation: "writing a baseline", reason: "it is no directory")
        }
        let names: [String]
        do {
            names = try AdaDimFiles.names(inDirectory: path)
        } catch {
            throw .system(path: path, operation: "looking into the directory", reason: error.reason)
        }
        if names.isEmpty { return }
        if let foreign = names.first(where: { $0 != Baseline.fileName && $0 != Baseline.codesFolder }) {
            throw .foreignFiles(directory: path, example: foreign)
        }
        guard names.contains(Baseline.fileName) else { throw .foreignFiles(directory: path, example: names[0]) }
        guard overwrite else { throw .baselineExists(directory: path) }
        // Another program's baseline.json is not ours to replace; a damaged one of ours is.
        guard let bytes = try? readFile(baselinePath), String(decoding: bytes, as: UTF8.self).contains(Baseline.kind)
        else { throw .foreignFiles(directory: path, example: Baseline.fileName) }
        let codes = (try? AdaDimFiles.names(inDirectory: "\(path)/\(Baseline.codesFolder)")) ?? []
        if let foreign = codes.sorted().first(where: { !CodesFile.isName($0) }) {
            throw .foreignFiles(directory: path, example: "\(Baseline.codesFolder)/\(foreign)")
        }
    }

    /// A run's claim to write a baseline, until it is let go: no other run can write here meanwhile.
    package struct Claim: Sendable {
        fileprivate let names: HiddenNames
        fileprivate let lock: OutputLock?
        /// What a user should know.
        package let notices: [String]
    }

    /// Checks, before any work is done, that a baseline can be written here, keeps other runs from it, and removes what runs
    /// that were killed while writing here have left.
    /// - Throws: ``RegressionError``.
    package func claim(overwrite: Bool) throws(RegressionError) -> Claim {
        try checkWritable(overwrite: overwrite)
        let (names, lock): (HiddenNames, OutputLock?)
        do throws(OutputFailure) {
            names = try HiddenNames(of: url.lastPathComponent, in: parent.path)
            lock = try OutputLock.take(names.lock, for: path)
        } catch {
            throw .output(error)
        }
        // Another run may have finished since.
        try checkWritable(overwrite: overwrite)
        guard lock != nil else { return Claim(names: names, lock: nil, notices: [OutputLock.absence(path)]) }
        let removed = names.leftovers(.partial).filter { removeTree($0) }
        return Claim(
            names: names, lock: lock,
            notices: removed.map {
                "removed \(URL(filePath: $0).lastPathComponent), which a killed run had left"
            })
    }

    package func write(
        _ baseline: Baseline, codes: [String: [String: PackedRows]], overwrite: Bool, _ claim: Claim
    ) throws(RegressionError) {
        try checkWritable(overwrite: overwrite)
        // Once: while the earlier baseline is aside, a link leads nowhere.
        let url = url
        let partial = URL(filePath: claim.names.new(.partial), directoryHint: .isDirectory)
        let aside = URL(filePath: claim.names.new(.old), directoryHint: .isDirectory)
        let encoded: Data
        do {
            encoded = try baseline.encoded()
        } catch {
            throw .system(
                path: path, operation: "writing the baseline",
                reason: "a figure is NaN or infinite, which JSON cannot say")
        }
        do throws(FileFailure) {
            try makeDirectories(partial.appending(path: Baseline.codesFolder).path)
            for (index, record) in baseline.cases.enumerated() {
                for (run, packed) in codes[record.name] ?? [:] {
                    let file = CodesFile.name(case: index, record, run: run)
                    try writeFile(
                        [UInt8](CodesFile.encode(packed)),
                        to: partial.appending(path: "\(Baseline.codesFolder)/\(file)").path)
                }
            }
            try writeFile([UInt8](encoded), to: partial.appending(path: Baseline.fileName).path)
        } catch {
            removeTree(partial.path)
            throw .system(path: path, operation: "writing the baseline", reason: error.reason)
        }
        let isReplacing = access(url.path.systemBytes, F_OK) == 0
        if isReplacing, rename(url.path.systemBytes, aside.path.systemBytes) != 0 {
            let error = failure(path, "moving the earlier baseline aside")
            removeTree(partial.path)
            throw error
        }
        guard rename(partial.path.systemBytes, url.path.systemBytes) == 0 else {
            let error = failure(path, "giving the baseline its name")
            if isReplacing { _ = rename(aside.path.systemBytes, url.path.systemBytes) }
            removeTree(partial.path)
            throw error
        }
        if isReplacing { removeTree(aside.path) }
    }

    /// - Throws: ``RegressionError``, naming the file and what is wrong with it.
    package func read() throws(RegressionError) -> Baseline {
        guard FileStatus.kind(of: path) == .directory else { throw .noDirectory(path: path) }
        guard access(baselinePath.systemBytes, F_OK) == 0 else { throw .noBaseline(directory: path) }
        let bytes: [UInt8]
        do {
            bytes = try readFile(baselinePath)
        } catch {
            throw .system(path: baselinePath, operation: "reading", reason: error.reason)
        }
        return try Baseline(decoding: Data(bytes), path: baselinePath)
    }

    /// The codes of a run of the baseline's case at `index`.
    package func codes(of record: CaseRecord, at index: Int, run: CaseRecord.Run) throws(RegressionError) -> PackedRows
    {
        let file = "\(path)/\(Baseline.codesFolder)/\(CodesFile.name(case: index, record, run: run.name))"
        let bytes: [UInt8]
        do {
            bytes = try readFile(file)
        } catch {
            throw .damaged(path: file, reason: error.reason)
        }
        return try CodesFile.decode(Data(bytes), record, run, path: file)
    }

    private func failure(_ path: String, _ operation: String) -> RegressionError {
        .system(path: path, operation: operation, reason: FileFailure.text(errno))
    }
}
