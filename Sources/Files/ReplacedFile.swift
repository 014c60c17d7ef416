import Glibc

/// Writes a file that may be there already. A plain file is replaced when all is written; a pipe, a terminal, a device, a
/// link, or a file that is mounted there, is written through.
package func replaceFile(_ path: String, with bytes: [UInt8]) throws(FileFailure) {
    let kind = (try? FileStatus(path, followingLinks: false))?.kind
    guard kind == nil || kind == .file && realPath(path).map(isMountPoint) != true else {
        let descriptor = open(path.systemBytes, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileFailure(path, "writing") }
        let file = OutputFile(path: path, descriptor: descriptor)
        try file.append(bytes)
        return try file.closeFile()
    }
    // A name of fixed length: the file's name may already have the maximal length.
    let name = ".adadim-partial-\(getpid())-" + String(UInt64.random(in: .min ... .max), radix: 36)
    let partial = path.parentPath?.appendingComponent(name) ?? name
    do throws(FileFailure) {
        try writeFile(bytes, to: partial)
        guard rename(partial.systemBytes, path.systemBytes) == 0 else { throw FileFailure(path, "writing") }
    } catch {
        unlink(partial.systemBytes)
        throw FileFailure(path, error.operation, reason: error.reason)
    }
}
