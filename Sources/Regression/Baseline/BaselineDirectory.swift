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
        guard let resolved = realpath(path, nil) else {
            return URL(filePath: path, directoryHint: .notDirectory).absoluteURL.standardizedFileURL
        }
        defer { free(resolved) }
        return URL(filePath: String(cString: resolved), directoryHint: .notDirectory)
    }
    private var parent: URL { url.deletingLastPathComponent() }
    package var baselinePath: String { path + "/" + Baseline.fileName }

    /// Checks, before any work is done, that a baseline can be written here.
    /// - Throws: ``RegressionError``.
    package func checkWritable(overwrite: Bool) throws(RegressionError) {
        guard access(parent.path, W_OK | X_OK) == 0 else {
            throw failure(parent.path, "a baseline cannot be written in it")
        }
        var status = stat()
        guard stat(url.path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .system(path: path, operation: "writing a baseline", reason: "it is no directory")
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw .system(path: path, operation: "looking into the directory", reason: "it cannot be listed")
        }
        if names.isEmpty { return }
        if let foreign = names.first(where: { $0 != Baseline.fileName && $0 != Baseline.codesFolder }) {
            throw .foreignFiles(directory: path, example: foreign)
        }
        guard names.contains(Baseline.fileName) else { throw .foreignFiles(directory: path, example: names[0]) }
        guard overwrite else { throw .baselineExists(directory: path) }
        // Another program's baseline.json is not ours to replace; a damaged one of ours is.
        guard let data = FileManager.default.contents(atPath: baselinePath),
            String(decoding: data, as: UTF8.self).contains(Baseline.kind)
        else { throw .foreignFiles(directory: path, example: Baseline.fileName) }
        let codes = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(Baseline.codesFolder)")) ?? []
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
        let removed = names.leftovers(.partial).filter { (try? FileManager.default.removeItem(atPath: $0)) != nil }
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
        do {
            try FileManager.default.createDirectory(
                at: partial.appending(path: Baseline.codesFolder), withIntermediateDirectories: true)
            for (index, record) in baseline.cases.enumerated() {
                for (run, packed) in codes[record.name] ?? [:] {
                    let file = CodesFile.name(case: index, record, run: run)
                    try CodesFile.encode(packed).write(to: partial.appending(path: "\(Baseline.codesFolder)/\(file)"))
                }
            }
            try baseline.encoded().write(to: partial.appending(path: Baseline.fileName))
        } catch {
            try? FileManager.default.removeItem(at: partial)
            throw .system(path: path, operation: "writing the baseline", reason: Self.reason(error))
        }
        let isReplacing = access(url.path, F_OK) == 0
        if isReplacing, rename(url.path, aside.path) != 0 {
            let error = failure(path, "moving the earlier baseline aside")
            try? FileManager.default.removeItem(at: partial)
            throw error
        }
        guard rename(partial.path, url.path) == 0 else {
            let error = failure(path, "giving the baseline its name")
            if isReplacing { _ = rename(aside.path, url.path) }
            try? FileManager.default.removeItem(at: partial)
            throw error
        }
        if isReplacing { try? FileManager.default.removeItem(at: aside) }
    }

    /// - Throws: ``RegressionError``, naming the file and what is wrong with it.
    package func read() throws(RegressionError) -> Baseline {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw .noDirectory(path: path)
        }
        guard access(baselinePath, F_OK) == 0 else { throw .noBaseline(directory: path) }
        guard let data = FileManager.default.contents(atPath: baselinePath) else {
            throw failure(baselinePath, "reading")
        }
        return try Baseline(decoding: data, path: baselinePath)
    }

    /// The codes of a run of the baseline's case at `index`.
    package func codes(of record: CaseRecord, at index: Int, run: CaseRecord.Run) throws(RegressionError) -> PackedRows
    {
        let file = "\(path)/\(Baseline.codesFolder)/\(CodesFile.name(case: index, record, run: run.name))"
        guard let data = FileManager.default.contents(atPath: file) else {
            throw .damaged(path: file, reason: "it is missing or cannot be read")
        }
        return try CodesFile.decode(data, record, run, path: file)
    }

    private func failure(_ path: String, _ operation: String) -> RegressionError {
        .system(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        if let code = underlying?.code, underlying?.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(code)))
        }
        return "\(error.localizedDescription)"
    }
}
