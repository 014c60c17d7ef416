import AdaDimFiles
import Glibc

/// Why an output cannot be begun, whatever it is.
package enum OutputFailure: Error, Equatable, Sendable {
    /// Another run is writing it; `holder` is what that run has said of itself, if it could.
    case held(output: String, holder: String?)
    case nameTooLong(output: String, bytes: Int, most: Int)
    /// A file stands where this tool keeps its lock.
    case notALock(path: String)
    case system(path: String, operation: String, reason: String)

    static func system(_ path: String, _ operation: String) -> OutputFailure {
        .system(path: path, operation: operation, reason: FileFailure.text(errno))
    }
}

extension OutputFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .held(let output, let holder):
            "\(output): another run is writing it" + (holder.map { ": \($0)" } ?? "")
        case .nameTooLong(let output, let bytes, let most):
            "\(output): its name has \(bytes) bytes, the file system takes \(most) at most"
        case .notALock(let path): "\(path): is not a file, expected the lock of a run or nothing"
        case .system(let path, let operation, let reason): "\(path): \(operation) failed: \(reason)"
        }
    }
}
