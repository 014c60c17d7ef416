import AdaDimFiles
import Foundation
import Glibc

/// The process's streams, written so that their reader may close them: a failed write to standard error is ignored, one
/// to standard output is an error.
enum StandardStreams {
    /// Makes writing safe for the whole process; to be called before any file is opened.
    ///
    /// A stream that the caller closed gets a descriptor that keeps its number from the next file opened: an output's
    /// weights must not be mixed with progress. Standard output's takes no bytes, so that results are not lost in
    /// silence.
    static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        // A file that would be larger than the process may write (ulimit -f) is an error like a full disk.
        signal(SIGXFSZ, SIG_IGN)
        for (descriptor, mode) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // Descriptors are given out lowest first, so this one is `descriptor`.
            _ = open("/dev/null", mode)
        }
    }

    /// Prints a result and a newline.
    /// - Parameter output: what was written before, complete; nil for a command that writes nothing.
    static func print(_ text: String, afterWriting output: String? = nil) throws(UnprintedResult) {
        try printBytes(text.withReadablePaths, afterWriting: output)
    }

    private static func printBytes(_ text: String, afterWriting output: String?) throws(UnprintedResult) {
        guard write(text + "\n", to: STDOUT_FILENO) else {
            throw UnprintedResult(reason: String(cString: strerror(errno)), output: output)
        }
    }

    /// Prints a result for programs.
    static func print(json result: some Encodable, afterWriting output: String? = nil) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try printBytes(String(decoding: try encoder.encode(result), as: UTF8.self), afterWriting: output)
    }

    /// Writes a message for a person, if possible.
    static func say(_ text: String) { _ = write(text.withReadablePaths, to: STDERR_FILENO) }

    /// - Returns: whether all of it was written; if not, `errno` has the reason.
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var start = 0
            while start < bytes.count {
                let written = Glibc.write(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
                if written > 0 {
                    start += written
                } else if written < 0 && errno == EAGAIN {
                    // Another program has made the stream one that does not wait.
                    var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    if poll(&stream, 1, -1) < 0 && errno != EINTR { return false }
                } else if written == 0 || errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}

/// Standard output did not take a result.
struct UnprintedResult: Error, CustomStringConvertible {
    let reason: String
    /// What was written all the same.
    let output: String?

    var description: String {
        "the result cannot be printed: standard output: \(reason)"
            + (output.map { "; written and complete: \($0)" } ?? "")
    }
}
