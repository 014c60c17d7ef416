import AdaDimFiles
import AdaDimTestSupport
import Foundation
import Testing

@Suite struct MountPointTests {
    /// Lines as Linux writes them: with and without optional fields, with escapes, and such as are none.
    @Test func theTableIsRead() {
        let table = """
            22 28 0:20 / /proc rw,relatime - proc proc rw
            36 35 98:0 /mnt1 /mnt/with\\040space rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            37 35 98:0 /\\134 /tab\\011\\134end\\012 rw shared:7 - ext3 /dev/root rw
            38 35 98:0 / /no\\9 rw
            39 35 98:0 / /half\\04 rw
            40 35 98:0
            """
        let found = mountPoints(inTable: Array(table.utf8))
        #expect(
            found == Set(["/proc", "/mnt/with space", "/tab\t\\end\n", "/no\\9", "/half\\04"].map { Array($0.utf8) }))
        #expect(mountPoints(inTable: []) == [])
    }

    @Test func whatIsMountedHere() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        #expect(isMountPoint("/proc"))
        #expect(!isMountPoint("/proc/self"))
        #expect(!isMountPoint(temporary.url.path))
        #expect(!isMountPoint(temporary.path("none")))
    }

    /// Of one device, with a name that needs escapes and is no UTF-8.
    @Test(.enabled(if: BindMount.isPossible)) func aDirectoryOfTheSameDevice() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        let parent = try #require(realPath(temporary.url.path))
        let (source, place) = (parent + "/source", parent + "/a \\040 \u{e9}")
        for path in [source, place] { try makeDirectories(path) }
        #expect(!isMountPoint(place))
        try BindMount.at(place, of: source) {
            #expect(isMountPoint(place))
            #expect(!isMountPoint(source))
            #expect(!isMountPoint(parent + "/a"))
        }
        #expect(!isMountPoint(place))
    }

    /// A file that is mounted, as containers have them, is written through: nothing can take its name.
    @Test(.enabled(if: BindMount.isPossible)) func aFileThatIsMountedIsWrittenThrough() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        let source = try temporary.write([1, 2, 3], as: "source")
        let place = try temporary.write([], as: "place")
        try BindMount.at(place, of: source) { try replaceFile(place, with: [4]) }
        #expect(try readFile(source, atMost: 9) == [4])
        #expect(try readFile(place, atMost: 9) == [])
        #expect(try names(inDirectory: temporary.url.path) == ["place", "source"])
    }
}
