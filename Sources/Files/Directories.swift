import Glibc

/// Names of everything in a directory, hidden ones too, in the order of their bytes.
package func names(inDirectory path: String) throws(FileFailure) -> [String] {
    guard let stream = opendir(path.systemBytes) else { throw FileFailure(path, "listing") }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
        // Only this number distinguishes the end from an error.
        errno = 0
        guard let entry = readdir(stream) else { break }
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(systemBytes: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw FileFailure(path, "listing") }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Everything below a directory, links not followed, by paths relative to it.
package struct DirectoryTree: Sendable, Equatable {
    /// Everything that is no directory.
    package private(set) var files: [String] = []
    /// Each after the one that contains it.
    package private(set) var directories: [String] = []

    package init(_ path: String) throws(FileFailure) { try add(path, below: "") }

    private mutating func add(_ path: String, below prefix: String) throws(FileFailure) {
        for name in try names(inDirectory: path) {
            let inside = path + "/" + name
            if try FileStatus(inside, followingLinks: false).kind == .directory {
                directories.append(prefix + name)
                try add(inside, below: prefix + name + "/")
            } else {
                files.append(prefix + name)
            }
        }
    }
}

/// Creates a directory and its parents, as far as they are missing.
package func makeDirectories(_ path: String) throws(FileFailure) {
    guard mkdir(path.systemBytes, 0o777) != 0 else { return }
    let code = errno
    if code == EEXIST && FileStatus.kind(of: path) == .directory { return }
    guard code == ENOENT, let parent = path.withoutClosingSlashes.parentPath, parent != "/" else {
        throw FileFailure(path, "creating the directory", code: code)
    }
    try makeDirectories(parent)
    guard mkdir(path.systemBytes, 0o777) == 0 || errno == EEXIST else {
        throw FileFailure(path, "creating the directory")
    }
}

/// Removes a directory and all below it, links not followed; what cannot be removed stays.
/// - Returns: whether nothing is left.
@discardableResult
package func removeTree(_ path: String) -> Bool {
    if unlink(path.systemBytes) == 0 { return true }
    for name in (try? names(inDirectory: path)) ?? [] {
        let inside = path + "/" + name
        if (try? FileStatus(inside, followingLinks: false))?.kind == .directory {
            removeTree(inside)
        } else {
            unlink(inside.systemBytes)
        }
    }
    return rmdir(path.systemBytes) == 0
}
