import AdaDimFiles
import AdaDimTestSupport
import Foundation
import Testing

/// What the system refuses comes out in its own words, with the path; nothing waits.
@Suite struct FileTests {
    @Test func readingWhatIsNoFile() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        func problem(_ path: String) -> String {
            errorText { _ = try readFile(path, atMost: 1 << 24) }.replacingOccurrences(of: temporary.url.path, with: "")
        }
        #expect(problem(temporary.path("none")) == "/none: reading failed: No such file or directory")
        #expect(problem(temporary.url.path) == ": reading failed: Is a directory")
        mkfifo(temporary.path("pipe"), 0o666)
        #expect(problem(temporary.path("pipe")) == "/pipe: reading failed: a pipe, expected a file")
        try FileManager.default.createSymbolicLink(atPath: temporary.path("loop"), withDestinationPath: "loop")
        #expect(problem(temporary.path("loop")) == "/loop: reading failed: Too many levels of symbolic links")
        #expect(problem("/dev/zero") == "/dev/zero: reading failed: a device, expected a file")
        #expect(problem("/proc/self/mem") == "/proc/self/mem: reading failed: Input/output error")
        let long = String(repeating: "n", count: 256)
        #expect(problem(temporary.path(long)) == "/\(long): reading failed: File name too long")
        #expect(problem(temporary.path("none") + "/file") == "/none/file: reading failed: No such file or directory")
        _ = try temporary.write([1], as: "file")
        #expect(problem(temporary.path("file") + "/x") == "/file/x: reading failed: Not a directory")
        #expect(
            errorText { _ = try names(inDirectory: temporary.path("file")) }.hasSuffix(
                "/file: listing failed: Not a directory"))
        #expect(
            errorText { try writeFile([1], to: temporary.path("file")) }
                .hasSuffix("/file: creating the file failed: File exists"))
        #expect(
            errorText { try makeDirectories(temporary.path("file/a/b")) }
                .hasSuffix("/file/a/b: creating the directory failed: Not a directory"))
    }

    /// With no descriptor left.
    @Test func tooManyOpenFiles() throws {
        var limits = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0)
        let soft = limits.rlim_cur
        limits.rlim_cur = 0
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
        let texts = [
            errorText { _ = try readFile("/etc/hostname", atMost: 1 << 24) },
            errorText { _ = try names(inDirectory: "/etc") },
        ]
        limits.rlim_cur = soft
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
        #expect(
            texts == [
                "/etc/hostname: reading failed: Too many open files", "/etc: listing failed: Too many open files",
            ])
    }

    /// Files that say that they have no bytes, as those of /proc do, and files of every length around a piece.
    @Test func readingAll() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        for count in [0, 1, ReadFile.pieceLength - 1, ReadFile.pieceLength, ReadFile.pieceLength + 1] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let path = try temporary.write(bytes, as: "bytes")
            #expect(try readFile(path, atMost: 1 << 24) == bytes)
            let copy = try OutputFile(creating: temporary.path("copy"))
            try copy.append(ReadFile(path))
            try copy.closeFile()
            #expect(try readFile(temporary.path("copy"), atMost: 1 << 24) == bytes)
            unlink(temporary.path("copy"))
        }
        #expect(try String(decoding: readFile("/proc/self/status", atMost: 1 << 24), as: UTF8.self).contains("VmPeak"))
    }

    /// A file that says it has four terabytes, which costs nobody anything, and one that says it has none and has more.
    @Test func tooLargeAFile() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        let path = try temporary.write([1, 2, 3], as: "sparse")
        #expect(try readFile(path, atMost: 3) == [1, 2, 3])
        #expect(
            errorText { _ = try readFile(path, atMost: 2) } == "\(path): reading failed: 3 bytes, expected at most 2")
        #expect(truncate(path, 4 << 40) == 0)
        #expect(
            errorText { _ = try readFile(path, atMost: 1 << 20) }
                == "\(path): reading failed: 4398046511104 bytes, expected at most 1048576")
        #expect(
            errorText { _ = try TextFile.bytes(of: path, atMost: 1 << 20) }
                == "\(path): 4398046511104 bytes of text, expected at most 1048576")
        #expect(
            errorText { _ = try readFile("/proc/self/status", atMost: 10) }
                == "/proc/self/status: reading failed: more than 10 bytes, expected at most 10")
    }

    /// A name that is no UTF-8, through every call.
    @Test func namesOfAnyBytes() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        let name = String(systemBytes: [0x66, 0xe9, 0xff])
        try makeDirectories(temporary.path(name + "/" + name))
        try writeFile([1, 2], to: temporary.path(name + "/" + name + "/" + name))
        #expect(try names(inDirectory: temporary.url.path) == [name])
        let tree = try DirectoryTree(temporary.url.path)
        #expect(tree.directories == [name, "\(name)/\(name)"] && tree.files == ["\(name)/\(name)/\(name)"])
        #expect(try readFile(temporary.path(tree.files[0]), atMost: 1 << 24) == [1, 2])
        try replaceFile(temporary.path(tree.files[0]), with: [3])
        #expect(try readFile(temporary.path(tree.files[0]), atMost: 1 << 24) == [3])
        #expect(removeTree(temporary.path(name)))
        #expect(try names(inDirectory: temporary.url.path) == [])
    }

    /// As long as names can be, which leaves no room for a longer one beside it.
    @Test func replacingAFileOfALongName() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        let path = temporary.path(String(repeating: "n", count: 255))
        for bytes in [[1], [2, 3]] as [[UInt8]] {
            try replaceFile(path, with: bytes)
            #expect(try readFile(path, atMost: 1 << 24) == bytes)
        }
        // A link is written through.
        try FileManager.default.createSymbolicLink(atPath: temporary.path("link"), withDestinationPath: path)
        try replaceFile(temporary.path("link"), with: [9])
        #expect(try readFile(path, atMost: 1 << 24) == [9])
        #expect(
            errorText { try replaceFile(temporary.path("none/x"), with: [1]) }
                .hasSuffix("/none/x: creating the file failed: No such file or directory"))
    }

    @Test func freeSpaceIsTold() throws {
        #expect(freeSpace(at: "/tmp").map { $0 > 0 } == true)
        // Nothing is counted where there are no blocks, and nothing is known of what is not there.
        #expect(freeSpace(at: "/proc") == nil)
        #expect(freeSpace(at: "/no/such/place") == nil)
    }
}
