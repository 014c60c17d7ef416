import Logging

/// Puts log messages on the terminal, each once, however often a run comes by its reason; notices only where the terminal is
/// not quiet, with the level of a warning or worse.
struct TerminalLogHandler: LogHandler {
    let terminal: Terminal
    var metadata = Logger.Metadata()
    var logLevel: Logger.Level

    init(terminal: Terminal) {
        self.terminal = terminal
        logLevel = terminal.isQuiet ? .warning : .notice
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        terminal.messageOnce(event.level >= .warning ? "\(event.level): \(event.message)" : "\(event.message)")
    }
}
