import AdaDimFiles
import Glibc

/// A hidden directory for temporary outputs, removed with the value. It has a lock while its run lives, by which a
/// later run recognizes the files of a killed one and removes them.
package final class TemporaryOutputs {
    package let path: String
    private let lock: OutputLock?

    /// - Parameters:
    ///   - name: what the directory's name begins with, after the dot.
    ///   - directory: where it is made.
    ///   - notice: called for what killed runs had left there.
    package init(_ name: String, in directory: String, notice: (String) -> Void) throws(OutputFailure) {
        let names = try HiddenNames(of: name, in: directory)
        for path in names.leftovers(.temporary) where Self.isOwnDirectory(path) { Self.remove(path, notice) }
        let path = names.new(.temporary)
        guard mkdir(path.systemBytes, 0o700) == 0 else { throw .system(path, "creating the directory") }
        do throws(OutputFailure) {
            lock = try OutputLock.take(path.appendingComponent(Self.lockName), for: path)
        } catch {
            rmdir(path.systemBytes)
            throw error
        }
        self.path = path
    }

    deinit { _ = Self.removeAll(in: path) }

    private static let lockName = ".lock"

    /// Removes what a killed run has left. A directory without the lock of a run that was this tool's is another's, or a run's
    /// that has just made it.
    private static func remove(_ path: String, _ notice: (String) -> Void) {
        guard let lock = OutputLock.ofKilledRun(path.appendingComponent(lockName)) else { return }
        withExtendedLifetime(lock) {
            notice(removeAll(in: path) ? LeftoverNotice.removed(path) : LeftoverNotice.notRemoved(path))
        }
    }

    /// The lock's file is removed last, because the next run recognizes leftovers by it.
    private static func removeAll(in path: String) -> Bool {
        for name in (try? names(inDirectory: path)) ?? [] where !name.isSamePath(as: lockName) {
            removeTree(path.appendingComponent(name))
        }
        return removeTree(path)
    }

    /// This user's: a link may lead anywhere.
    private static func isOwnDirectory(_ path: String) -> Bool {
        let status = try? FileStatus(path, followingLinks: false)
        return status?.kind == .directory && status?.owner == geteuid()
    }
}
