import AdaDimFiles
import AdaDimTestSupport
import Foundation
import Testing

@Suite struct MountTests {
    /// Lines as Linux writes them: with and without optional fields, with escapes, and such as are none.
    @Test func theTableIsRead() {
        let table = """
            22 28 0:20 / /proc rw,relatime - proc proc rw
            36 35 98:0 /mnt1 /mnt/with\\040space rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            37 35 98:0 /\\134 /tab\\011\\134end\\012 rw shared:7 - ext3 /dev/root rw
            38 35 98:0 / /no\\9 rw - tmpfs none rw
            39 35 98:0 / /half\\04 rw - tmpfs none rw
            40 24 0:28 /jobs\\0407 /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
            43 35 0:31 / /nameless rw - tmpfs  rw,size=1024k
            41 35 98:0 / /no-dash rw ext3 /dev/root rw
            42 35 98:0
            """
        let found = mounts(inTable: Array(table.utf8))
        let points = found.map { String(decoding: $0.point, as: UTF8.self) }
        let roots = found.map { String(decoding: $0.root, as: UTF8.self) }
        #expect(
            points == [
                "/proc", "/mnt/with space", "/tab\t\\end\n", "/no\\9", "/half\\04", "/sys/fs/cgroup/cpu", "/nameless",
            ])
        #expect(roots == ["/", "/mnt1", "/\\", "/", "/", "/jobs 7", "/"])
        #expect(found.map(\.kind) == ["proc", "ext3", "ext3", "tmpfs", "tmpfs", "cgroup", "tmpfs"])
        #expect(found.map(\.options).suffix(2) == [["rw", "cpu", "cpuacct"], ["rw", "size=1024k"]])
        #expect(mounts(inTable: []).isEmpty)
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
