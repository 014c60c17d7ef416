import Glibc
import Synchronization

/// Standard error as a person sees it: messages above, one progress line below that is redrawn. Where it is no
/// terminal, progress is written as plain lines.
final class Terminal: Sendable {
    let isQuiet: Bool
    private let isInteractive: Bool
    private let progressLine = Mutex("")
    /// Those that are said once.
    private let messages = Mutex<Set<String>>([])

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isInteractive = isatty(STDERR_FILENO) == 1
    }

    /// A message that stays.
    func message(_ text: String) {
        progressLine.withLock { line in
            if line.isEmpty {
                write(text + "\n")
            } else {
                write("\r\u{1B}[K\(text)\n\(line)")
            }
        }
    }

    /// A message that stays, written only once.
    func messageOnce(_ text: String) {
        if messages.withLock({ $0.insert(text).inserted }) { message(text) }
    }

    /// A message as self-contained bytes: it replaces the progress line, which the next progress redraws.
    func line(_ text: String) -> String { (isInteractive ? "\r\u{1B}[K" : "") + text + "\n" }

    /// Progress: redrawn in place on a terminal; elsewhere `plain` as a line, if there is one.
    func progress(_ bar: @autoclosure () -> String, plain: @autoclosure () -> String?) {
        guard !isQuiet else { return }
        if isInteractive {
            let text = String(bar().prefix(columns - 1))
            progressLine.withLock { line in
                line = text
                write("\r\u{1B}[K\(text)")
            }
        } else if let text = plain() {
            write(text + "\n")
        }
    }

    /// Takes the progress line away.
    func endProgress() {
        progressLine.withLock { line in
            if !line.isEmpty { write("\r\u{1B}[K") }
            line = ""
        }
    }

    private var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
        return Int(size.ws_col)
    }

    private func write(_ text: String) { StandardStreams.say(text) }
}
