import Foundation

/// The checkout that the tests were built in.
package enum Repository {
    package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The model that comes with the project.
    package static let bundledModel = root.appending(path: "Models/jargon-6m")
}
