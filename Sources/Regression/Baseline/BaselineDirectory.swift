import AdaDimFiles
import AdaDimJSON
import AdaDimOutputs
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation
import Glibc

/// The directory of a baseline: `baseline.json`, and `codes/` with a file of packed codes for each run. There is a whole
/// baseline or none: see `PendingDirectory`.
package struct BaselineDirectory: Sendable {
    package let path: String

    /// - Parameter path: a closing slash is no part of it.
    package init(_ path: String) { self.path = path.withoutClosingSlashes }

    package var baselinePath: String { path + "/" + Baseline.fileName }

    /// Bytes of `baseline.json`, some thousand for each layer.
    private static let mostBytes = 256 << 20

    /// Checks, before any work is done, that a baseline can be written here.
    /// - Throws: ``RegressionError``.
    package func checkWritable(overwrite: Bool) throws(RegressionError) {
        try checkParent()
        // Links followed: it is their target that is replaced.
        if let place = realPath(path) { _ = try checkReplaceable(place, overwrite: overwrite) }
    }

    private func checkParent() throws(RegressionError) {
        let parent = (realPath(path) ?? path).parentPath ?? "."
        guard access(parent.systemBytes, W_OK | X_OK) == 0 else {
            throw .system(
                path: parent, operation: "a baseline cannot be written in it", reason: FileFailure.text(errno))
        }
    }

    /// Throws unless a path is an empty directory or an earlier baseline, which may be replaced.
    /// - Returns: its contents.
    private func checkReplaceable(_ place: String, overwrite: Bool) throws(RegressionError) -> DirectoryTree {
        guard FileStatus.kind(of: place, followingLinks: false) == .directory else {
            throw .system(path: path, operation: "writing a baseline", reason: "it is no directory")
        }
        func foreign(_ name: String) -> RegressionError { .foreignFiles(directory: path, example: name) }
        let folder = Baseline.codesFolder
        func looking<Result>(_ body: () throws(FileFailure) -> Result) throws(RegressionError) -> Result {
            do {
                return try body()
            } catch {
                throw .system(path: path, operation: "looking into the directory", reason: error.reason)
            }
        }
        // A large directory is not examined completely if its top is enough.
        let top = try looking { () throws(FileFailure) in try names(inDirectory: place) }
        if let name = top.first(where: { ![Baseline.fileName, folder].contains(where: $0.isSamePath) }) {
            throw foreign(name)
        }
        let found = try looking { () throws(FileFailure) in try DirectoryTree(place) }
        if top.isEmpty { return found }
        if let name = found.directories.first(where: { !$0.isSamePath(as: folder) }) { throw foreign(name) }
        for name in found.files where !name.isSamePath(as: Baseline.fileName) {
            guard name.parentPath?.isSamePath(as: folder) == true, CodesFile.isName(name.lastComponent) else {
                throw foreign(name)
            }
        }
        guard found.files.contains(Baseline.fileName) else { throw foreign(found.files.first ?? folder) }
        guard overwrite else { throw .baselineExists(directory: path) }
        // Another program's baseline.json is never replaced; one of ours may be, even if it is damaged.
        guard let bytes = try? readFile(place + "/" + Baseline.fileName, atMost: Self.mostBytes),
            (try? JSONDocument(bytes))?.value["kind"]?.text == Baseline.kind
        else { throw foreign(Baseline.fileName) }
        return found
    }

    /// A run's lock for writing a baseline: no other run can write here until it is released.
    package final class Claim {
        fileprivate let pending: PendingDirectory<RegressionError>

        fileprivate init(_ pending: PendingDirectory<RegressionError>) { self.pending = pending }
    }

    /// Checks, before any work is done, that a baseline can be written here, locks it, and removes the files of runs
    /// that were killed while writing here.
    /// - Parameters:
    ///   - synchronizer: writes the directories' entries to the disk.
    ///   - exchange: puts the baseline in an earlier one's place.
    ///   - notice: called, here and at the end, with messages for the user.
    /// - Throws: ``RegressionError``.
    package func claim(
        overwrite: Bool, synchronizer: FolderSynchronizer = .system, exchange: NameExchange = .system,
        notice: @escaping (String) -> Void = { _ in }
    ) throws(RegressionError) -> Claim {
        try checkParent()
        return Claim(
            try PendingDirectory(
                path, marker: Baseline.fileName, overwrite: overwrite, synchronizer: synchronizer, exchange: exchange,
                notice: notice
            ) { place, mayReplace in
                Result { () throws(RegressionError) in try checkReplaceable(place, overwrite: mayReplace) }
            })
    }

    /// Writes the baseline; the claim takes no other.
    package func write(
        _ baseline: Baseline, codes: [String: [String: PackedRows]], _ claim: Claim
    ) throws(RegressionError) {
        defer { claim.pending.discard() }
        let partial = claim.pending.partial
        let encoded: Data
        do {
            encoded = try baseline.encoded()
        } catch {
            throw .system(
                path: path, operation: "writing the baseline",
                reason: "a figure is NaN or infinite, which JSON cannot say")
        }
        do throws(FileFailure) {
            let folder = partial + "/" + Baseline.codesFolder
            try makeDirectories(folder)
            for (index, record) in baseline.cases.enumerated() {
                for (run, packed) in codes[record.name] ?? [:] {
                    let file = CodesFile.name(case: index, record, run: run)
                    try writeFile([UInt8](CodesFile.encode(packed)), to: folder + "/" + file)
                }
            }
            try writeFile([UInt8](encoded), to: partial + "/" + Baseline.fileName)
        } catch {
            throw .system(path: path, operation: "writing the baseline", reason: error.reason)
        }
        try claim.pending.commit()
    }

    /// - Throws: ``RegressionError``, naming the file and what is wrong with it.
    package func read() throws(RegressionError) -> Baseline {
        guard FileStatus.kind(of: path) == .directory else { throw .noDirectory(path: path) }
        guard access(baselinePath.systemBytes, F_OK) == 0 else { throw .noBaseline(directory: path) }
        let bytes: [UInt8]
        do {
            bytes = try readFile(baselinePath, atMost: Self.mostBytes)
        } catch {
            throw .system(path: baselinePath, operation: "reading", reason: error.reason)
        }
        return try Baseline(decoding: Data(bytes), path: baselinePath)
    }

    /// The codes of a run of the baseline's case at `index`.
    package func codes(of record: CaseRecord, at index: Int, run: CaseRecord.Run) throws(RegressionError) -> PackedRows
    {
        let file = "\(path)/\(Baseline.codesFolder)/\(CodesFile.name(case: index, record, run: run.name))"
        let expected = try CodesFile.byteCount(record, run, path: file)
        let bytes: [UInt8]
        do {
            bytes = try readFile(file, atMost: expected)
        } catch {
            throw .damaged(path: file, reason: error.reason)
        }
        return try CodesFile.decode(Data(bytes), record, run, path: file)
    }
}
