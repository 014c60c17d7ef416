import Glibc

/// A new file, written from start to end; every failure of the system is thrown with the file's path.
package final class OutputFile {
    package let path: String
    private var descriptor: Int32

    /// Creates the file, which must not exist.
    package init(creating path: String) throws(FileFailure) {
        self.path = path
        descriptor = open(path.systemBytes, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileFailure(path, "creating the file") }
    }

    /// Takes over a descriptor that is open for writing.
    package init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(FileFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw FileFailure(path, "writing") }
            rest = rest.dropFirst(written)
        }
    }

    package func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(FileFailure) {
        try elements.withUnsafeBytes { bytes in
            Result { () throws(FileFailure) in try append(bytes) }
        }.get()
    }

    package func append(_ text: String) throws(FileFailure) { try append(Array(text.utf8)) }

    /// Appends all that is left of another file, a piece at a time.
    package func append(_ source: ReadFile) throws(FileFailure) {
        var piece = try source.next(ReadFile.pieceLength)
        while !piece.isEmpty {
            try append(piece)
            piece = try source.next(ReadFile.pieceLength)
        }
    }

    /// Overwrites the first bytes of the file.
    package func replaceStart(with bytes: [UInt8]) throws(FileFailure) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw FileFailure(path, "seeking to the start") }
        try append(bytes)
    }

    /// Some of the bytes written, fewer at the file's end.
    package func read(from offset: Int, count: Int) throws(FileFailure) -> [UInt8] {
        try filledBytes(count, of: path) { rest, filled in
            pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
        }
    }

    /// Waits until the bytes are on the disk: errors that the system has deferred are reported here.
    package func synchronizeAndClose() throws(FileFailure) {
        guard fsync(descriptor) == 0 else { throw FileFailure(path, "writing to the disk") }
        try closeFile()
    }

    /// Closes the file, which is not needed on the disk yet.
    package func closeFile() throws(FileFailure) {
        let closing = descriptor
        descriptor = -1
        guard close(closing) == 0 else { throw FileFailure(path, "closing") }
    }
}

/// Writes a new file.
package func writeFile(_ bytes: [UInt8], to path: String) throws(FileFailure) {
    let file = try OutputFile(creating: path)
    try file.append(bytes)
    try file.synchronizeAndClose()
}

/// Waits until the bytes of a file, links not followed, are on the disk.
package func synchronizeFile(_ path: String) throws(FileFailure) {
    let descriptor = open(path.systemBytes, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(path, "opening") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileFailure(path, "writing to the disk") }
}
