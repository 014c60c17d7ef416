import Glibc

/// A file's bytes, mapped read-only. The pages are read when they are touched and can be released one range at a time.
///
/// The file must not be shortened while it is mapped: touching pages past its new end kills the process (SIGBUS).
package final class MappedFile: Sendable {
    package let count: Int
    /// Address of the first byte; nil for an empty file. Written only by `init`, hence safe to share.
    private nonisolated(unsafe) let base: UnsafeRawPointer?

    /// - Throws: the system's words as the reason, or that it is not a regular file.
    package init(path: String) throws(FileFailure) {
        func failure(_ code: Int32) -> FileFailure { FileFailure(path, "reading", code: code) }
        // Opening does not wait for a pipe's writer; a pipe is refused below.
        let descriptor = open(path.systemBytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileFailure(path, "reading", reason: "not a regular file")
        }
        count = Int(status.st_size)
        guard count > 0 else {
            base = nil
            return
        }
        let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw failure(errno) }
        base = UnsafeRawPointer(address)
    }

    deinit {
        if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
    }

    /// Calls `body` with the bytes of `range`, which must be inside the file.
    package func withBytes<Result, Failure: Error>(
        in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "bytes \(range) of a file of \(count)")
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: base.map { $0 + range.lowerBound }, count: range.count))
    }

    /// Releases the memory of the pages that are completely inside `range`; they are read again when next touched.
    package func releasePages(in range: Range<Int>) {
        guard let base else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound == count ? count : range.upperBound / page * page
        guard first < end else { return }
        // Advice: where the kernel declines it, memory is held longer and nothing else changes.
        _ = madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
    }
}
