import Glibc

/// What the system refused to do with a file or a directory, in its own words.
package struct FileFailure: Error, Equatable, CustomStringConvertible {
    package let path: String
    /// What was tried, as in "reading".
    package let operation: String
    package let reason: String

    package init(_ path: String, _ operation: String, reason: String) {
        (self.path, self.operation, self.reason) = (path, operation, reason)
    }

    /// With the words for an error number, the one of the call that failed last unless another is given.
    package init(_ path: String, _ operation: String, code: Int32 = errno) {
        self.init(path, operation, reason: Self.text(code))
    }

    package var description: String { "\(path): \(operation) failed: \(reason)" }

    /// The system's words for an error number.
    package static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
