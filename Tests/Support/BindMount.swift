import Foundation

/// Something that is mounted at another place as well, while a test looks at it.
package enum BindMount {
    /// Whether this process may mount; most may not.
    package static let isPossible: Bool = {
        guard let directory = try? TemporaryDirectory() else { return false }
        defer { directory.remove() }
        return (try? at(directory.url.path, of: directory.url.path) {}) != nil
    }()

    /// - Parameters:
    ///   - place: a path of what exists, which stands for the other meanwhile.
    ///   - source: a directory or a file, as the place is.
    ///   - body: may not rename what lies above the place.
    package static func at<Value>(_ place: String, of source: String, _ body: () throws -> Value) throws -> Value {
        try run(["mount", "--bind", source, place])
        let result = Result { try body() }
        // No test may leave one behind.
        try run(["umount", "--lazy", place])
        return try result.get()
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw POSIXError(.EPERM) }
    }
}
