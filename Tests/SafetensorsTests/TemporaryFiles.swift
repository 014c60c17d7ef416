import Foundation
import Testing

/// A new directory for one test, which removes it at its end.
struct TemporaryDirectory {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("adadim-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes a file and returns its path.
    func write(_ bytes: [UInt8], as name: String = "file.safetensors") throws -> String {
        // Not Data.write, which waits for the disk: thousands of files would take minutes.
        let file = try #require(fopen(path(name), "wb"))
        defer { fclose(file) }
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        return path(name)
    }
}

/// The bytes of a safetensors file with this header text and as many data bytes, counting up from zero.
func safetensorsBytes(header: String, dataBytes: Int) -> [UInt8] {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) }
    return length + header.utf8
        + [UInt8](unsafeUninitializedCapacity: dataBytes) { buffer, count in
            for i in 0..<dataBytes { buffer[i] = UInt8(truncatingIfNeeded: i) }
            count = dataBytes
        }
}
