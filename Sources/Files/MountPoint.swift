/// Whether something is mounted at a path without links: a directory or a file that the system neither renames nor
/// replaces. False where the system does not report it.
package func isMountPoint(_ path: String) -> Bool {
    // Files of /proc say that they have no bytes; a machine full of containers has some thousand mounts.
    guard let table = try? readFile("/proc/self/mountinfo", atMost: Mount.longestTable) else { return false }
    return mounts(inTable: table).contains { $0.point == path.pathBytes }
}
