import AdaDimFiles

/// What a user should know of what killed runs have left.
package enum LeftoverNotice {
    package static func removed(_ path: String) -> String {
        "removed \(path.lastComponent), which a killed run had left"
    }

    static func notRemoved(_ path: String) -> String { "\(path): left by a killed run, could not be removed" }

    static func stays(_ path: String, _ error: any Error) -> String { "\(path): left by a killed run, stays: \(error)" }

    static func putBack(_ path: String, _ output: String) -> String {
        "renamed \(path.lastComponent) to \(output) again: a killed run had moved it aside"
    }

    static func notPutBack(_ path: String, _ output: String, _ error: (any Error)? = nil) -> String {
        "\(path): stays; a killed run had moved it aside from \(output)" + (error.map { ": \($0)" } ?? "")
    }
}
