import AdaDimFiles
import AdaDimTestSupport
import Foundation
import Testing

/// Why a file cannot be read, in the system's words.
@Suite final class TextFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    deinit { directory.remove() }

    private func file(_ text: String) throws -> String {
        let path = directory.path("text")
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test func allBytesAreRead() throws {
        for count in [0, 1, 22, 23, 24, 1 << 20, 3_000_000] {
            let text = String(repeating: "x", count: count)
            #expect(try TextFile.bytes(of: file(text), atMost: 1 << 24) == Array(text.utf8))
        }
    }

    @Test func whatCannotBeRead() throws {
        let missing = directory.path("none")
        #expect(
            errorText { _ = try TextFile.bytes(of: missing, atMost: 1 << 24) }
                == "\(missing): cannot be read: No such file or directory"
        )
        let folder = directory.url.path
        #expect(
            errorText { _ = try TextFile.bytes(of: folder, atMost: 1 << 24) }
                == "\(folder): cannot be read: is a directory")
    }

    @Test func tooLargeAFileIsRefusedBeforeItIsRead() throws {
        let path = try file("abcd")
        #expect(try TextFile.bytes(of: path, atMost: 4).count == 4)
        #expect(
            errorText { _ = try TextFile.bytes(of: path, atMost: 3) } == "\(path): 4 bytes of text, expected at most 3")
        #expect(
            errorText { _ = try LineReader(path: path, atMost: 3) } == "\(path): 4 bytes of text, expected at most 3")
    }

    @Test func pointersOfLargeFileStorage() throws {
        let pointer =
            "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 1\n"
        let path = try file(pointer)
        #expect(
            errorText { _ = try TextFile.bytes(of: path, atMost: 1 << 24) }
                == "\(path): a Git LFS pointer: run git lfs pull")
        // A text about pointers is none.
        let text = pointer + String(repeating: "so a pointer begins. ", count: 100)
        #expect(try TextFile.bytes(of: file(text), atMost: 1 << 24).count == text.utf8.count)
    }
}
