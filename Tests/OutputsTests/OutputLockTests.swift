import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Synchronization
import Testing

@Suite struct OutputLockTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path(".out.lock") }

    init() throws { directory = try TemporaryDirectory() }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: directory.url.path).sorted() }
    }

    /// Who tries while another run holds the lock learns which run that is; nothing stays when it is let go.
    @Test func oneAtATime() throws {
        defer { directory.remove() }
        do {
            let lock = try #require(try OutputLock.take(path, for: "out"))
            defer { withExtendedLifetime(lock) {} }
            let text = errorText { _ = try OutputLock.take(path, for: "out") }
            #expect(text.hasPrefix("out: another run is writing it: process \(getpid()) on "), "\(text)")
            #expect(text.contains(#/, since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC$/#), "\(text)")
            #expect(try names == [".out.lock"])
        }
        #expect(try names == [])
        #expect(try OutputLock.take(path, for: "out") != nil)
        #expect(try names == [])
    }

    /// What a killed process leaves is a file that nobody has locked, whatever stands in it.
    @Test func aDeadRunsLockIsTakenOver() throws {
        defer { directory.remove() }
        try Data("process 1 on here, since now\n".utf8).write(to: URL(filePath: path))
        do {
            let lock = try #require(try OutputLock.take(path, for: "out"))
            defer { withExtendedLifetime(lock) {} }
            #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("process \(getpid()) on "))
        }
        #expect(try names == [])
    }

    /// The lock is the process's: it ends with it, however that ends.
    @Test func aKilledProcessLetsGo() throws {
        defer { directory.remove() }
        let other = Process()
        other.executableURL = URL(filePath: "/bin/sh")
        other.arguments = ["-c", "exec flock \"$0\" sh -c 'echo held; exec sleep 60'", path]
        let said = Pipe()
        other.standardOutput = said
        try other.run()
        #expect(try said.fileHandleForReading.read(upToCount: 5) == Data("held\n".utf8))
        // It has not written who it is.
        #expect(errorText { _ = try OutputLock.take(path, for: "out") } == "out: another run is writing it")
        // The descriptor is the shell's child's as well.
        kill(other.processIdentifier, SIGKILL)
        let children = Process()
        children.executableURL = URL(filePath: "/bin/sh")
        children.arguments = [
            "-c",
            "for p in /proc/[0-9]*; do for f in $p/fd/*; do [ \"$(readlink $f)\" = \"$0\" ] && kill -9 ${p#/proc/}; done; done; true",
            path,
        ]
        children.standardError = FileHandle.nullDevice
        try children.run()
        children.waitUntilExit()
        other.waitUntilExit()
        var lock: OutputLock?
        for _ in 0..<500 where lock == nil {
            lock = try? OutputLock.take(path, for: "out")
            if lock == nil { usleep(10_000) }
        }
        #expect(lock != nil)
    }

    /// Somebody removes the lock's file, another run locks a new one: the first one's end leaves that alone.
    @Test func anotherRunsLockIsNotRemoved() throws {
        defer { directory.remove() }
        var first = try OutputLock.take(path, for: "out")
        #expect(first != nil && unlink(path) == 0)
        let second = try #require(try OutputLock.take(path, for: "out"))
        defer { withExtendedLifetime(second) {} }
        first = nil
        #expect(try names == [".out.lock"])
        let text = errorText { _ = try OutputLock.take(path, for: "out") }
        #expect(text.hasPrefix("out: another run is writing it: "), "\(text)")
    }

    /// NFS and SMB do not say whether the lock is held: both possibilities are named, with what to do.
    @Test(arguments: [EBADF, EACCES]) func aLockThatCannotBeTried(_ error: Int32) throws {
        defer { directory.remove() }
        func refusal() -> String { errorText { _ = try OutputLock.take(path, for: "out") { _ in error } } }
        func expected(_ holder: String) -> String {
            "out: another run is writing it, or a run that was killed has left its lock\(holder), which the file system "
                + "does not let this run take (\(String(cString: strerror(error)))): if no run is at work, remove \(path)"
        }
        // The file that this call has made does not stay, or it would be the next one's dead run.
        #expect(refusal() == expected(""))
        #expect(try names == [])
        try Data("process 7 on there, since then\n".utf8).write(to: URL(filePath: path))
        #expect(refusal() == expected(" (process 7 on there, since then)"))
        // Another's stays, an empty one too: that run may have taken it and not yet written who it is.
        try Data().write(to: URL(filePath: path))
        #expect(refusal() == expected(""))
        #expect(try names == [".out.lock"])
    }

    @Test(arguments: [ENOLCK, EINVAL]) func aFileSystemWithoutLocks(_ error: Int32) throws {
        defer { directory.remove() }
        #expect(try OutputLock.take(path, for: "out") { _ in error } == nil)
        #expect(try names == [])
        #expect(
            errorText { _ = try OutputLock.take(path, for: "out") { _ in EIO } }
                == "\(path): locking failed: Input/output error")
        #expect(try names == [])
    }

    /// A file system on which the open file and the one of its name are never the same.
    @Test func aFileThatIsNeverTheOneOfItsName() throws {
        defer { directory.remove() }
        var calls = 0
        let text = errorText {
            _ = try OutputLock.take(path, for: "out") { _ in
                calls += 1
                // More than anybody should try: then it is the same.
                if calls < 1000 {
                    unlink(path)
                    try? Data().write(to: URL(filePath: path))
                }
                return 0
            }
        }
        #expect(
            text
                == "out: another run is writing it, or a run that was killed has left its lock, which the file system does "
                + "not let this run take (the file that is locked is never the one of that name): if no run is at work, "
                + "remove \(path)")
        #expect(calls > 1 && calls < 1000)
    }

    @Test func whatIsNoFileIsNoLock() throws {
        defer { directory.remove() }
        let text = "\(path): is not a file, expected the lock of a run or nothing"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(errorText { _ = try OutputLock.take(path, for: "out") } == text)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: directory.path("other"))
        #expect(errorText { _ = try OutputLock.take(path, for: "out") } == text)
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        #expect(errorText { _ = try OutputLock.take(path, for: "out") } == text)
        #expect(try names == [".out.lock"])
        #expect(
            errorText { _ = try OutputLock.take(directory.path("nowhere/lock"), for: "out") }
                == "\(directory.path("nowhere/lock")): creating the run's lock failed: No such file or directory")
    }

    /// However taking and letting go meet, two never have it at once.
    @Test func neverTwo() throws {
        defer { directory.remove() }
        let inside = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        let taken = Atomic<Int>(0)
        let path = path
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<300 {
                guard let lock = try? OutputLock.take(path, for: "out") else { continue }
                withExtendedLifetime(lock) {
                    most.max(inside.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                    taken.add(1, ordering: .relaxed)
                    sched_yield()
                    inside.subtract(1, ordering: .relaxed)
                }
            }
        }
        #expect(most.load(ordering: .relaxed) == 1)
        #expect(taken.load(ordering: .relaxed) > 0)
        #expect(try names == [])
    }
}
