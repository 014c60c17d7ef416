import ArgumentParser

/// A comma-separated list of globs.
package struct GlobList: Sendable {
    package let globs: [String]

    package init(_ argument: String) throws {
        // By scalar: a comma with what combines with it is one character.
        globs = argument.unicodeScalars.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if let empty = globs.firstIndex(of: "") {
            throw ValidationError("glob \(empty + 1) of \(globs.count) is empty, expected a name or a pattern")
        }
    }
}
