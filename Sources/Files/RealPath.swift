import Glibc

/// The path of something that exists, with every symbolic link followed; nil where there is nothing.
package func realPath(_ path: String) -> String? {
    guard let real = realpath(path.systemBytes, nil) else { return nil }
    defer { free(real) }
    return String(systemBytes: real)
}
