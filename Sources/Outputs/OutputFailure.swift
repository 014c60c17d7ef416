import AdaDimFiles
import Glibc

/// Why an output, of any kind, cannot be written.
package enum OutputFailure: Error, Equatable, Sendable {
    case noParentDirectory(output: String)
    case pathTooLong(output: String)
    case nameTooLong(output: String, bytes: Int, most: Int)
    case exists(output: String)
    /// Something that this tool did not write has the output's name.
    case notOurs(output: String, reason: String)
    /// Something is mounted at the output's path.
    case mountPoint(output: String)
    /// Another run is writing it; `holder` is what that run has said of itself, if it could.
    case held(output: String, holder: String?)
    /// A lock that the system refuses without reporting that it is held.
    case notLockable(output: String, lock: String, reason: String, holder: String?)
    /// What has the name of this tool's lock is no file.
    case notALock(path: String)
    case system(path: String, operation: String, reason: String)
    /// The output has its name, and all its files are on the disk; the name itself may not be. So what it replaced is kept, at
    /// the path `earlier`.
    case writtenButNotSafe(output: String, reason: String, earlier: String? = nil)

    static func system(_ path: String, _ operation: String) -> OutputFailure {
        OutputFailure(FileFailure(path, operation))
    }

    package init(_ failure: FileFailure) {
        self = .system(path: failure.path, operation: failure.operation, reason: failure.reason)
    }
}

extension OutputFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noParentDirectory(let output): "\(output): its parent directory does not exist"
        case .pathTooLong(let output):
            "\(output): the path is longer than the system takes, \(output.pathBytes.count) bytes in all"
        case .nameTooLong(let output, let bytes, let most):
            "\(output): its name has \(bytes) bytes, the file system takes \(most) at most"
        case .exists(let output): "\(output): exists already; give another name, or --overwrite to replace it"
        case .notOurs(let output, let reason):
            "\(output): is not replaced, since it is not an earlier output of this tool: \(reason)"
        case .mountPoint(let output):
            "\(output): is a mount point, which the system lets nothing replace; give another path, such as one below it"
        case .held(let output, let holder):
            "\(output): another run is writing it" + (holder.map { ": \($0)" } ?? "")
        case .notLockable(let output, let lock, let reason, let holder):
            "\(output): another run is writing it, or a run that was killed has left its lock"
                + (holder.map { " (\($0))" } ?? "")
                + ", which the file system does not let this run take (\(reason)): if no run is at work, remove \(lock)"
        case .notALock(let path): "\(path): is not a file, expected the lock of a run or nothing"
        case .system(let path, let operation, let reason): "\(path): \(operation) failed: \(reason)"
        case .writtenButNotSafe(let output, let reason, let earlier):
            "\(output): is written and complete, but its name may not outlive a loss of power: \(reason)"
                + (earlier.map { "; the earlier output is kept as \($0), until the next run" } ?? "")
        }
    }
}

/// An error type of those who write outputs, of which these failures are a part.
package protocol OutputRefusal: Error {
    static func output(_ failure: OutputFailure) -> Self
}

extension OutputRefusal {
    /// Runs work on outputs; a failure becomes an error of this type.
    package static func wrapping<Result>(
        output body: () throws(OutputFailure) -> Result
    ) throws(Self) -> Result {
        do {
            return try body()
        } catch {
            throw .output(error)
        }
    }
}
