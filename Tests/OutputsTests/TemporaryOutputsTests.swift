import AdaDimFiles
import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Testing

@Suite final class TemporaryOutputsTests {
    private let directory: TemporaryDirectory
    private var notices: [String] = []

    init() throws { directory = try TemporaryDirectory() }

    deinit { directory.remove() }

    private func open() throws -> TemporaryOutputs {
        try TemporaryOutputs("x", in: directory.url.path) { notices.append($0) }
    }

    private var names: [String] { get throws { try AdaDimFiles.names(inDirectory: directory.url.path) } }

    /// A run's directory, with a lock's file that says of a run that it was its.
    private func leave(_ name: String, lock: String?) throws {
        try makeDirectories(directory.path(name + "/deep"))
        try writeFile([1], to: directory.path(name + "/deep/file"))
        if let lock { try writeFile(Array(lock.utf8), to: directory.path(name + "/.lock")) }
    }

    private static let line = "process 1 on here, since 2026-01-02 03:04:05 UTC\n"

    /// A live run's directory stays, a dead one's goes.
    @Test func onlyDeadRunsDirectoriesGo() throws {
        let live = try open()
        try writeFile([1], to: live.path + "/work")
        try leave(".x.temporary-a1", lock: Self.line)
        do {
            let other = try open()
            #expect(notices == ["removed .x.temporary-a1, which a killed run had left"])
            #expect(try names == [other.path.lastComponent, live.path.lastComponent].sorted())
            #expect(try AdaDimFiles.names(inDirectory: live.path) == [".lock", "work"])
        }
        let path = live.path
        withExtendedLifetime(live) { #expect(FileStatus.kind(of: path) == .directory) }
        #expect(try names == [path.lastComponent])
    }

    /// What a run wrote into its lock is what the next one looks for.
    @Test func aRunIsKnownByItsOwnLine() throws {
        let live = try open()
        let line = try readFile(live.path + "/.lock", atMost: 1000)
        try leave(".x.temporary-a1", lock: String(decoding: line, as: UTF8.self))
        _ = try open()
        #expect(notices == ["removed .x.temporary-a1, which a killed run had left"])
        withExtendedLifetime(live) {}
    }

    /// A directory without a lock of this tool's is somebody else's, whatever its name.
    @Test func whatOthersMadeStays() throws {
        for name in ["x-a1", "x-2025", "x-", "y-a1", ".x.partial-a1", ".x.temporary-", ".x.temporary-é"] {
            try leave(name, lock: Self.line)
        }
        let locks = [
            nil, "", "process 1 on here, since 2026-01-02 03:04:05 UTC", "process one\n", "mine\n",
            "process 1 on here, since then\n",
        ]
        for (index, lock) in locks.enumerated() { try leave(".x.temporary-b\(index)", lock: lock) }
        // Nor is it one where the lock is no file, or leads to one.
        try leave(".x.temporary-c1", lock: nil)
        try makeDirectories(directory.path(".x.temporary-c1/.lock"))
        try leave(".x.temporary-c2", lock: nil)
        symlink(directory.path("x-a1/.lock"), directory.path(".x.temporary-c2/.lock"))
        try leave(".x.temporary-c3", lock: nil)
        #expect(mkfifo(directory.path(".x.temporary-c3/.lock"), 0o600) == 0)
        symlink(directory.path("x-a1"), directory.path(".x.temporary-c4"))
        let before = try names
        _ = try open()
        #expect(notices == [])
        #expect(try names == before)
        for name in before { #expect(try AdaDimFiles.names(inDirectory: directory.path(name + "/deep")) == ["file"]) }
    }

    /// Another user's is not looked at, and cannot be made to look like this one's.
    @Test(.enabled(if: geteuid() == 0)) func whatAnotherUserMadeStays() throws {
        for name in [".x.temporary-a1", ".x.temporary-a2"] { try leave(name, lock: Self.line) }
        #expect(chown(directory.path(".x.temporary-a1"), 65534, 65534) == 0)
        #expect(chown(directory.path(".x.temporary-a2/.lock"), 65534, 65534) == 0)
        _ = try open()
        #expect(notices == [])
        #expect(try names == [".x.temporary-a1", ".x.temporary-a2"])
    }

    /// A run that keeps its outputs locks by another name in their directory, whatever that one is called.
    @Test func whatALiveRunKeepsStays() throws {
        let kept = directory.path(".x.temporary-a1")
        try leave(".x.temporary-a1", lock: nil)
        let lock = try OutputLock.take(HiddenNames(of: "variants", in: kept).lock, for: kept)
        try #require(lock != nil)
        _ = try open()
        #expect(notices == [])
        #expect(try AdaDimFiles.names(inDirectory: kept) == [".variants.lock", "deep"])
        withExtendedLifetime(lock) {}
    }
}
