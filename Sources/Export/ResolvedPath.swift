import AdaDimFiles
import Glibc

/// A path to be written, with every symbolic link on the way to it followed.
package struct ResolvedPath: Sendable {
    /// The directory that holds it, which exists.
    package let parent: String
    package let name: String
    /// Whether something stands there already.
    package let exists: Bool

    package var path: String { parent == "/" ? "/" + name : parent + "/" + name }

    package init(output: String) throws(ExportError) {
        var trimmed = Substring(output)
        while trimmed.count > 1 && trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        let path = String(trimmed)
        if let real = Self.resolve(path) {
            guard let slash = real.lastIndex(of: "/") else { throw .noParentDirectory(output: output) }
            parent = real.prefix(upTo: slash).isEmpty ? "/" : String(real.prefix(upTo: slash))
            name = String(real.suffix(from: real.index(after: slash)))
            exists = true
            return
        }
        if path.utf8.count >= Int(PATH_MAX) { throw .pathTooLong(output: output) }
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { path.prefix(upTo: $0).isEmpty ? "/" : String(path.prefix(upTo: $0)) } ?? "."
        let last = slash.map { String(path.suffix(from: path.index(after: $0))) } ?? path
        guard !last.isEmpty, last != ".", last != "..", let parent = Self.resolve(directory) else {
            throw .noParentDirectory(output: output)
        }
        self.parent = parent
        name = last
        // A link to nowhere stands there all the same.
        var status = stat()
        exists = lstat((self.parent + "/" + last).systemBytes, &status) == 0
    }

    /// The real path of something that exists, nil otherwise.
    package static func resolve(_ path: String) -> String? {
        guard let real = realpath(path.systemBytes, nil) else { return nil }
        defer { free(real) }
        return String(systemBytes: real)
    }
}
