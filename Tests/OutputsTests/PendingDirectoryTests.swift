import AdaDimFiles
import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Synchronization
import Testing

/// Directories of one kind: they hold a file `mark`, and files whose names begin with an "f".
@Suite final class PendingDirectoryTests {
    enum Refusal: OutputRefusal, CustomStringConvertible {
        case output(OutputFailure)
        case noMark
        case foreign(String)

        var description: String {
            switch self {
            case .output(let failure): "\(failure)"
            case .noMark: "no mark"
            case .foreign(let name): "it holds \(name)"
            }
        }
    }

    let directory: TemporaryDirectory
    let notices = Mutex<[String]>([])

    init() throws { directory = try TemporaryDirectory() }

    deinit { directory.remove() }

    var said: [String] {
        notices.withLock { $0 }.map { text in
            text.replacingOccurrences(of: directory.url.path, with: "").replacing(#/(partial|old|replaced)-[0-9a-z]+/#)
            {
                "\($0.output.1)-…"
            }
        }
    }

    var names: [String] { get throws { try AdaDimFiles.names(inDirectory: directory.url.path) } }

    func open(
        _ name: String = "out", overwrite: Bool = true, sparing: String? = nil,
        synchronizer: FolderSynchronizer = .system,
        exchange: NameExchange = .system,
        afterCheck: @escaping (String) -> Void = { _ in }
    ) throws -> PendingDirectory<Refusal> {
        try PendingDirectory(
            directory.path(name), marker: "mark", overwrite: overwrite, sparing: sparing, synchronizer: synchronizer,
            exchange: exchange, notice: { [self] text in notices.withLock { $0.append(text) } },
            check: { path, mayReplace in
                defer { afterCheck(path) }
                return Self.check(path, mayReplace: mayReplace)
            })
    }

    private static func check(_ path: String, mayReplace: Bool) -> Result<DirectoryTree, Refusal> {
        guard mayReplace else { return .failure(.output(.exists(output: path))) }
        guard let tree = try? DirectoryTree(path), tree.files.contains("mark") else { return .failure(.noMark) }
        if let other = tree.files.first(where: { $0 != "mark" && !$0.lastComponent.hasPrefix("f") }) {
            return .failure(.foreign(other))
        }
        return .success(tree)
    }

    /// Removing takes a descriptor, where a run may have failed for want of one.
    @Test func nothingStaysWhereAllDescriptorsAreInUse() throws {
        let pending = try open()
        try makeDirectories(pending.partial + "/below")
        #expect(FileManager.default.createFile(atPath: pending.partial + "/below/f", contents: Data()))
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        try #require(getrlimit(kind, &limit) == 0)
        let free = dup(STDERR_FILENO)
        close(free)
        var lower = rlimit(rlim_cur: rlim_t(free), rlim_max: limit.rlim_max)
        try #require(setrlimit(kind, &lower) == 0)
        let another = dup(STDERR_FILENO)
        pending.discard()
        setrlimit(kind, &limit)
        #expect(another < 0)
        #expect(try names == [])
    }

    func write(_ text: String, into path: String, files: [String] = ["f1", "sub/f2"], marked: Bool = true)
        throws
    {
        for name in files + (marked ? ["mark"] : []) {
            let file = path + "/" + name
            try makeDirectories(file.parentPath ?? "")
            try replaceFile(file, with: Array(text.utf8))
        }
    }

    func text(_ name: String) throws -> String {
        String(decoding: try readFile(directory.path(name), atMost: 100), as: UTF8.self)
    }

    /// With and without a file system that exchanges names.
    @Test(arguments: [true, false]) func anEarlierOneIsReplaced(_ canExchange: Bool) throws {
        try write("old", into: directory.path("out"), files: ["f0", "deep/f", "f1"])
        let exchange = canExchange ? NameExchange.system : .none
        let pending = try open(exchange: exchange)
        try write("new", into: pending.partial)
        try pending.commit()
        #expect(try DirectoryTree(directory.path("out")).files == ["f1", "mark", "sub/f2"])
        #expect(try text("out/f1") == "new")
        defer { withExtendedLifetime(pending) {} }
        #expect(try names == ["out"])
        #expect(said == [])
    }

    /// At no moment is there nothing of the output's name.
    @Test func theNameIsNeverMissing() throws {
        let (one, other) = (directory.path("one"), directory.path("other"))
        for (path, text) in [(one, "1"), (other, "2")] { try write(text, into: path) }
        #expect(NameExchange.system(one, other))
        #expect(try text("one/f1") == "2" && text("other/f1") == "1")
        #expect(!NameExchange.system(one, directory.path("none")))
        #expect(!NameExchange.none(one, other))
        #expect(try text("one/f1") == "2")
    }

    /// What others put in while it is replaced is not removed with the rest.
    @Test(arguments: [true, false]) func whatCameInMeanwhileStays(_ canExchange: Bool) throws {
        let output = directory.path("out")
        try write("old", into: output)
        let pending = try open(
            exchange: NameExchange { one, other in
                // After the check, before the exchange.
                try? writeFile([1], to: output + "/theirs")
                return canExchange && NameExchange.system(one, other)
            })
        try write("new", into: pending.partial)
        try pending.commit()
        #expect(said == ["/.out.replaced-… stays: others have put something into /out while it was replaced"])
        let left = try #require(try names.first { $0.hasPrefix(".out.replaced-") })
        #expect(try AdaDimFiles.names(inDirectory: directory.path(left)) == ["theirs"])
        #expect(try text("out/f1") == "new")
        // And is named by every run after it.
        _ = try open()
        #expect(said.last == "/.out.replaced-…: left by a killed run, stays: no mark")
        #expect(try names.contains(left))
    }

    /// Between the two names the earlier one always has a name whose contents are looked at before they are removed.
    @Test(arguments: [true, false]) func theNamesWhileItIsReplaced(_ canExchange: Bool) throws {
        try write("old", into: directory.path("out"))
        let during = Mutex<[[String]]>([])
        let parent = directory.url.path
        let pending = try open(
            exchange: NameExchange { one, other in
                let before = (try? AdaDimFiles.names(inDirectory: parent)) ?? []
                let isDone = canExchange && NameExchange.system(one, other)
                let after = (try? AdaDimFiles.names(inDirectory: parent)) ?? []
                during.withLock { $0 += [before, after] }
                return isDone
            })
        try write("new", into: pending.partial)
        try pending.commit()
        let seen = during.withLock { $0 }
        #expect(seen.count == 2)
        for names in seen {
            try #require(names.count == 3, "\(names)")
            #expect(names[0] == ".out.lock" && names[1].hasPrefix(".out.replaced-") && names[2] == "out", "\(names)")
        }
        #expect(try names == ["out"])
        #expect(said == [])
    }

    /// Nothing can take a mount point's name: that is said before the work, not after it.
    @Test(.enabled(if: BindMount.isPossible), arguments: [true, false]) func aMountPoint(_ overwrite: Bool) throws {
        let (output, source) = (directory.path("out"), directory.path("volume"))
        try write("old", into: source)
        try makeDirectories(output)
        try BindMount.at(output, of: source) {
            #expect(
                errorText { _ = try open(overwrite: overwrite) }
                    == "\(output): is a mount point, which the system lets nothing replace; give another path, such as one "
                    + "below it")
            let pending = try open("out/below")
            try write("new", into: pending.partial)
            try pending.commit()
        }
        #expect(try text("volume/below/f1") == "new" && text("volume/f1") == "old")
        #expect(try names == ["out", "volume"])
    }

    /// "é" as one scalar and as two are two outputs, whose runs do not touch each other's work.
    @Test func namesThatSwiftCallsEqual() throws {
        let first = try open("\u{e9}")
        try write("first", into: first.partial)
        let second = try open("e\u{301}")
        try write("second", into: second.partial)
        try first.commit()
        try second.commit()
        #expect(said == [])
        #expect(try names.map { Array($0.utf8) } == [Array("e\u{301}".utf8), Array("\u{e9}".utf8)])
    }
}
