import AdaDimFiles
import Glibc

/// A path to be written, with every symbolic link before it followed.
package struct ResolvedPath: Sendable {
    /// Its parent directory, which exists.
    package let parent: String
    package let name: String
    /// Whether there is something of the name, a link that leads nowhere included.
    package let exists: Bool

    package var path: String { parent.appendingComponent(name) }

    /// - Throws: ``OutputFailure/noParentDirectory(output:)``, ``OutputFailure/pathTooLong(output:)``.
    package init(output: String) throws(OutputFailure) {
        let path = output.withoutClosingSlashes
        if let real = realPath(path) {
            (parent, name, exists) = (real.parentPath ?? "/", real.lastComponent, true)
            return
        }
        if path.pathBytes.count >= Int(PATH_MAX) { throw .pathTooLong(output: output) }
        let name = path.lastComponent
        guard !["", ".", ".."].contains(name), let parent = realPath(path.parentPath ?? ".") else {
            throw .noParentDirectory(output: output)
        }
        (self.parent, self.name) = (parent, name)
        exists = FileStatus.kind(of: parent.appendingComponent(name), followingLinks: false) != nil
    }
}
