import AdaDimFiles
import Glibc

/// A directory that appears completely or not at all: everything is written to a hidden sibling, which gets the
/// directory's name at the end. What is not committed is removed with the value; the files of a killed process are
/// hidden, do not have the name, and are removed by the next run for the same directory. One run at a time writes a
/// directory: see `OutputLock`.
package final class PendingDirectory<Refusal: OutputRefusal> {
    /// The contents of an earlier output at a path, or why the file there is not replaced. No throwing closure: Swift
    /// 6.3 loses the error of one whose type is generic when it is passed on as any type.
    package typealias Check = (_ path: String, _ mayReplace: Bool) -> Result<DirectoryTree, Refusal>

    /// Where to write until the end.
    package let partial: String
    /// The path of what was written: the same, unless ``commit()`` has renamed it.
    private var written: String
    /// Where it will be.
    package let output: ResolvedPath
    private let marker: String
    private let overwrite: Bool
    private let synchronizeFolder: FolderSynchronizer
    private let exchange: NameExchange
    private let notice: (String) -> Void
    private let check: Check
    private let names: HiddenNames
    /// Until the directory has its name, or is given up; nil on a file system without locks, too.
    private var lock: OutputLock?
    /// The hidden sibling, opened: a descriptor to give back for the directory's removal, which needs one where all others
    /// may be in use.
    private let spare: Int32
    private var isOpen = true

    /// Checks that the output may be written, locks it, removes the files of killed runs, and creates the hidden
    /// sibling.
    /// - Parameters:
    ///   - path: the directory's.
    ///   - marker: the file by which ``Check`` knows an earlier output. It is the last to be removed.
    ///   - overwrite: whether an earlier output may be replaced.
    ///   - spared: a path that is not removed, even if its name is that of a leftover.
    ///   - notice: called, here and at the end, with messages for the user.
    ///   - check: called for the file with the output's name, here and at the end, and for a file that a killed run had
    ///     moved aside.
    package init(
        _ path: String, marker: String, overwrite: Bool, sparing spared: String? = nil,
        synchronizer: FolderSynchronizer = .system, exchange: NameExchange = .system,
        notice: @escaping (String) -> Void, check: @escaping Check
    ) throws(Refusal) {
        func resolve() throws(Refusal) -> ResolvedPath {
            let resolved = try Refusal.wrapping { () throws(OutputFailure) in try ResolvedPath(output: path) }
            guard resolved.exists else { return resolved }
            // Found out at the end, it would cost all of the run's work.
            if isMountPoint(resolved.path) { throw .output(.mountPoint(output: path)) }
            _ = try check(resolved.path, overwrite).get()
            return resolved
        }
        let resolved = try resolve()
        (names, lock) = try Refusal.wrapping { () throws(OutputFailure) in
            let names = try HiddenNames(of: resolved.name, in: resolved.parent)
            return (names, try OutputLock.take(names.lock, for: path))
        }
        // Without locks living and dead runs cannot be distinguished.
        if lock == nil {
            notice(OutputLock.absence(path))
        } else {
            OutputLeftovers(
                names: names, output: resolved, marker: marker, spared: spared, synchronizeFolder: synchronizer,
                notice: notice
            ).clear { path in check(path, true).mapError { $0 } }
        }
        // Another run may have finished since, or its output have been put back.
        output = try resolve()
        (self.marker, self.overwrite, self.notice, self.check) = (marker, overwrite, notice, check)
        (synchronizeFolder, self.exchange) = (synchronizer, exchange)
        partial = names.new(.partial)
        written = partial
        guard mkdir(partial.systemBytes, 0o777) == 0 else {
            throw .output(.system(partial, "creating the directory"))
        }
        spare = open(partial.systemBytes, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard spare >= 0 else {
            let failure = OutputFailure.system(partial, "opening the directory")
            rmdir(partial.systemBytes)
            throw .output(failure)
        }
    }

    deinit { discard() }

    /// Gives the directory its name, once all that is in it is on the disk. An earlier output changes places with it, where
    /// the file system can do that; elsewhere it is moved aside first, and put back if the rest fails. It is removed when the
    /// new name is on the disk, too.
    package func commit() throws(Refusal) {
        precondition(isOpen, "a directory committed or discarded before")
        var refusal = try Refusal.wrapping { () throws(OutputFailure) in try synchronizeContents() }
        let resolved = try Refusal.wrapping { () throws(OutputFailure) in try ResolvedPath(output: output.path) }
        // Things may have changed since the run began.
        let earlier = resolved.exists ? try check(resolved.path, overwrite).get() : nil
        let aside = try Refusal.wrapping { () throws(OutputFailure) in
            guard earlier == nil else { return try replace(resolved.path) as ReplacedOutput? }
            try Self.move(partial, to: resolved.path)
            return nil
        }
        close()
        let failure: OutputFailure?
        do throws(OutputFailure) {
            refusal = try synchronizeFolder(resolved.parent) ?? refusal
            failure = nil
        } catch {
            failure = error
        }
        if let refusal { notice(FolderSynchronizer.notice(resolved.path, refusal)) }
        // Without the new name on the disk, the earlier output may be all that a loss of power leaves.
        if failure == nil, let earlier, let aside { remove(aside, earlier, of: resolved.path) }
        lock = nil
        if let failure {
            throw .output(.writtenButNotSafe(output: resolved.path, reason: "\(failure)", earlier: aside?.path))
        }
    }

    private func remove(_ aside: ReplacedOutput, _ tree: DirectoryTree, of output: String) {
        var aside = aside
        do throws(OutputFailure) {
            guard try !aside.remove(tree, last: marker, names) else { return }
            notice("\(aside.path) stays: others have put something into \(output) while it was replaced")
        } catch {
            notice("\(aside.path) stays: \(error)")
        }
    }

    /// Removes what was written. Does nothing after ``commit()``.
    package func discard() {
        guard isOpen else { return }
        close()
        removeTree(written)
        lock = nil
    }

    private func close() {
        isOpen = false
        Glibc.close(spare)
    }

    // MARK: The file system

    /// Writes everything to the disk.
    /// - Returns: the system's message if it cannot do that for directories.
    private func synchronizeContents() throws(OutputFailure) -> String? {
        let written: DirectoryTree
        do throws(FileFailure) {
            written = try DirectoryTree(partial)
            for name in written.files { try synchronizeFile(partial + "/" + name) }
        } catch {
            throw OutputFailure(error)
        }
        var refusal: String?
        for path in written.directories.reversed().map({ partial + "/" + $0 }) + [partial] {
            refusal = try synchronizeFolder(path) ?? refusal
        }
        return refusal
    }

    /// Gives the hidden sibling the output's name, which an earlier output has. At every moment that one has its own name, or
    /// one by which the next run knows that it may hold what others have put in.
    private func replace(_ output: String) throws(OutputFailure) -> ReplacedOutput {
        let replaced = names.new(.replaced)
        try Self.move(partial, to: replaced)
        written = replaced
        if exchange(replaced, output) { return ReplacedOutput(replaced, .replaced) }
        let old = names.new(.old)
        try Self.move(output, to: old)
        do throws(OutputFailure) {
            try Self.move(replaced, to: output)
        } catch {
            try Self.move(old, to: output)
            throw error
        }
        return ReplacedOutput(old, .old)
    }

    /// Renames. The target must not exist: the system would refuse a full directory, but replace an empty one.
    private static func move(_ source: String, to target: String) throws(OutputFailure) {
        guard FileStatus.kind(of: target, followingLinks: false) == nil else {
            throw .system(path: target, operation: "renaming \(source)", reason: "it exists")
        }
        guard rename(source.systemBytes, target.systemBytes) == 0 else { throw .system(target, "renaming \(source)") }
    }
}
