import Foundation

/// A new directory for one test, which removes it at its end.
package struct TemporaryDirectory {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("adadim-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    package func remove() { try? FileManager.default.removeItem(at: url) }

    package func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes a file and returns its path.
    package func write(_ bytes: [UInt8], as name: String = "file.safetensors") throws -> String {
        // Not Data.write, which waits for the disk: thousands of files would take minutes.
        guard let file = fopen(path(name), "wb") else { throw POSIXError(.EIO) }
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { throw POSIXError(.EIO) }
        return path(name)
    }
}

/// The bytes of a safetensors file with this header text and as many data bytes, counting up from zero.
package func safetensorsBytes(header: String, dataBytes: Int) -> [UInt8] {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) }
    return length + header.utf8
        + [UInt8](unsafeUninitializedCapacity: dataBytes) { buffer, count in
            for i in 0..<dataBytes { buffer[i] = UInt8(truncatingIfNeeded: i) }
            count = dataBytes
        }
}
