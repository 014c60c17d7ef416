import Glibc

/// Bytes that this process may still write to the file system of a directory; nil where the system does not report it.
/// Quotas cannot be known.
package func freeSpace(at path: String) -> Int? {
    var figures = statvfs()
    // Some network and memory file systems say that they have no blocks at all, by which they mean that they do not count.
    guard statvfs(path.systemBytes, &figures) == 0, figures.f_blocks > 0 else { return nil }
    // The rest is kept for root.
    let blocks = geteuid() == 0 ? figures.f_bfree : figures.f_bavail
    let (bytes, overflow) = Int(clamping: blocks).multipliedReportingOverflow(by: Int(clamping: figures.f_frsize))
    return overflow ? .max : bytes
}
