import AdaDimOutputs

/// Why a regression run cannot be made, kept or compared. Each names the file or directory.
package enum RegressionError: OutputRefusal, Equatable, CustomStringConvertible, Sendable {
    /// There is nothing at the path, or no directory.
    case noDirectory(path: String)
    /// A directory without `baseline.json`.
    case noBaseline(directory: String)
    /// There is a baseline already, and no --overwrite.
    case baselineExists(directory: String)
    /// Files that are no part of a baseline.
    case foreignFiles(directory: String, example: String)
    /// A file of a baseline that cannot be parsed.
    case damaged(path: String, reason: String)
    /// A baseline of a later version of this tool.
    case newerFormat(path: String, found: Int, expected: Int)
    /// Another run is writing the baseline, or there is no name for it.
    case output(OutputFailure)
    /// The system refused something.
    case system(path: String, operation: String, reason: String)
    /// The largest layer would not fit; bytes.
    case notEnoughMemory(name: String, needed: Double, available: Double)
    /// No case is left to run or to compare.
    case nothingToRun(reason: String)
    case cancelled

    package var description: String {
        switch self {
        case .noDirectory(let path): "\(path): there is no such directory"
        case .noBaseline(let directory):
            "\(directory): holds no baseline.json; 'adadim regress record \(directory)' makes one"
        case .baselineExists(let directory):
            "\(directory): holds a baseline already; --overwrite replaces it"
        case .foreignFiles(let directory, let example):
            "\(directory): holds \(example), which is no part of a baseline; expected a new directory, an empty one, or a baseline to overwrite"
        case .damaged(let path, let reason): "\(path): not a baseline that can be used: \(reason)"
        case .newerFormat(let path, let found, let expected):
            "\(path): format \(found) of a later adadim, expected \(expected) or less"
        case .output(let failure): "\(failure)"
        case .system(let path, let operation, let reason): "\(path): \(operation): \(reason)"
        case .notEnoughMemory(let name, let needed, let available):
            "\(name) needs \(shortText(needed / 1e9)) GB of memory and this process may use \(shortText(available / 1e9)) GB; --max-size and --only leave layers out"
        case .nothingToRun(let reason): "nothing to run: \(reason)"
        case .cancelled: "cancelled"
        }
    }
}
