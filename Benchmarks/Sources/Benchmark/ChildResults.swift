import Results

/// What one process measured.
struct ChildResults: Codable, Sendable {
    var core: String
    var configuration: String
    var rows: [Row] = []
    /// Ratios that a table's row cannot hold, as sentences.
    var notes: [String] = []
}
