import Logging

/// Keeps what is logged.
final class Notices: LogHandler, @unchecked Sendable {
    var texts: [String] = []
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { texts.append("\(event.message)") }
}
