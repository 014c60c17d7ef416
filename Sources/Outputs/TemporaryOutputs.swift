import AdaDimFiles
import Glibc

/// A directory for outputs that nobody keeps, gone with the value. It holds a lock while its run lives, by which a later run
/// knows what a killed one has left, and removes it.
package final class TemporaryOutputs {
    package let path: String
    private let lock: OutputLock?

    /// - Parameters:
    ///   - name: what the directory's name begins with.
    ///   - directory: where it is made.
    ///   - notice: called for what killed runs had left there.
    package init(_ name: String, in directory: String, notice: (String) -> Void) throws(OutputFailure) {
        for path in Self.leftovers(name, in: directory) {
            guard let lock = try? OutputLock.take(path.appendingComponent(Self.lockName), for: path) else { continue }
            withExtendedLifetime(lock) { if removeTree(path) { notice(HiddenNames.removal(path)) } }
        }
        (path, lock) = try Self.make(name, in: directory, attempts: 10)
    }

    /// A run that clears up may find the directory before it is locked: then there is another name.
    private static func make(
        _ name: String, in directory: String, attempts: Int
    ) throws(OutputFailure) -> (String, OutputLock?) {
        let path = directory.appendingComponent(TaggedNames(prefix: name + "-").new())
        do throws(OutputFailure) {
            guard mkdir(path.systemBytes, 0o700) == 0 else { throw .system(path, "creating the directory") }
            return (path, try OutputLock.take(path.appendingComponent(lockName), for: path))
        } catch {
            rmdir(path.systemBytes)
            guard attempts > 1 else { throw error }
            return try make(name, in: directory, attempts: attempts - 1)
        }
    }

    deinit { removeTree(path) }

    private static let lockName = ".lock"

    /// This user's own: others cannot be locked, and a link may lead anywhere.
    private static func leftovers(_ name: String, in directory: String) -> [String] {
        TaggedNames(prefix: name + "-").all(in: directory).filter { path in
            let status = try? FileStatus(path, followingLinks: false)
            return status?.kind == .directory && status?.owner == geteuid()
        }
    }
}
