import Glibc

/// A new file, written from start to end; every failure of the system is thrown with the file's path.
package final class OutputFile {
    let path: String
    private var descriptor: Int32

    /// Creates the file, which must not exist.
    init(creating path: String) throws(SafetensorsError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure("creating the file") }
    }

    /// Takes over a descriptor that is open for writing.
    package init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw failure("writing") }
            rest = rest.dropFirst(written)
        }
    }

    package func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(SafetensorsError) {
        try elements.withUnsafeBytes { bytes in
            Result { () throws(SafetensorsError) in try append(bytes) }
        }.get()
    }

    /// Overwrites the first bytes of the file.
    func replaceStart(with bytes: [UInt8]) throws(SafetensorsError) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure("seeking to the start") }
        try append(bytes)
    }

    /// Waits until the bytes are on the disk: errors that the system held back so far come out here.
    func synchronizeAndClose() throws(SafetensorsError) {
        guard fsync(descriptor) == 0 else { throw failure("writing to the disk") }
        let closing = descriptor
        descriptor = -1
        guard close(closing) == 0 else { throw failure("closing") }
    }

    private func failure(_ operation: String) -> SafetensorsError {
        SafetensorsError(file: path, .unwritable(operation: operation, reason: systemErrorText(errno)))
    }
}
