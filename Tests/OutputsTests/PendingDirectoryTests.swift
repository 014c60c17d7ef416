import AdaDimFiles
import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Synchronization
import Testing

/// Directories of one kind: they hold a file `mark`, and files whose names begin with an "f".
@Suite final class PendingDirectoryTests {
    private enum Refusal: OutputRefusal, CustomStringConvertible {
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

    private let directory: TemporaryDirectory
    private let notices = Mutex<[String]>([])

    init() throws { directory = try TemporaryDirectory() }

    deinit { directory.remove() }

    private var said: [String] {
        notices.withLock { $0 }.map { text in
            text.replacingOccurrences(of: directory.url.path, with: "").replacing(#/(partial|old|replaced)-[0-9a-z]+/#)
            {
                "\($0.output.1)-…"
            }
        }
    }

    private var names: [String] { get throws { try AdaDimFiles.names(inDirectory: directory.url.path) } }

    private func open(
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

    private func write(_ text: String, into path: String, files: [String] = ["f1", "sub/f2"], marked: Bool = true)
        throws
    {
        for name in files + (marked ? ["mark"] : []) {
            let file = path + "/" + name
            try makeDirectories(file.parentPath ?? "")
            try replaceFile(file, with: Array(text.utf8))
        }
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try readFile(directory.path(name), atMost: 100), as: UTF8.self)
    }

    // MARK: Replacing

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

    // MARK: The disk

    /// One notice, however many directories are refused; subfolders are brought to the disk like the rest.
    @Test func directoriesThatAreNotBroughtToTheDisk() throws {
        let asked = Mutex<[String]>([])
        let pending = try open(
            synchronizer: FolderSynchronizer { _, path in
                asked.withLock { $0.append(path) }
                return EINVAL
            })
        try write("new", into: pending.partial, files: ["sub/deep/f"])
        try pending.commit()
        let partial = pending.partial
        #expect(asked.withLock { $0 } == [partial + "/sub/deep", partial + "/sub", partial, directory.url.path])
        #expect(
            said == [
                "/out: the file system does not bring directories to the disk at once (Invalid argument): if the machine "
                    + "loses power within seconds, the output may be incomplete"
            ])
        #expect(try text("out/sub/deep/f") == "new")
    }

    /// A disk that fails before the output has its name costs the output, one that fails after it does not.
    @Test(arguments: [true, false]) func aDiskThatFails(_ isReplacing: Bool) throws {
        if isReplacing { try write("old", into: directory.path("out")) }
        let parent = directory.url.path
        do {
            let pending = try open(
                synchronizer: FolderSynchronizer { _, path in path.hasSuffix("/sub") ? EIO : 0 })
            try write("new", into: pending.partial)
            #expect(
                errorText { try pending.commit() }
                    == "\(pending.partial)/sub: writing to the disk failed: Input/output error")
        }
        #expect(try names == (isReplacing ? ["out"] : []))
        let pending = try open(synchronizer: FolderSynchronizer { _, path in path == parent ? EIO : 0 })
        try write("new", into: pending.partial)
        let failure = errorText { try pending.commit() }
        pending.discard()
        let kept = try names.filter { $0.hasPrefix(".out.replaced-") }
        #expect(kept.count == (isReplacing ? 1 : 0))
        #expect(
            failure == "\(parent)/out: is written and complete, but its name may not outlive a loss of power: "
                + "\(parent): writing to the disk failed: Input/output error"
                + kept.map { "; the earlier output is kept as \(parent)/\($0), until the next run" }.joined())
        #expect(try names == kept + ["out"])
        #expect(try text("out/f1") == "new")
        for name in kept { #expect(try text(name + "/f1") == "old") }
    }

    /// A run may have been killed before it asked the disk. The next one asks it first, and removes nothing where it fails.
    @Test(arguments: [true, false]) func aDiskThatFailsTheNextRun(_ isFailing: Bool) throws {
        try write("new", into: directory.path("out"))
        try write("old", into: directory.path(".out.old-a1"))
        try write("old", into: directory.path(".out.replaced-a2"))
        let parent = directory.url.path
        _ = try open(synchronizer: FolderSynchronizer { _, path in isFailing && path == parent ? EIO : 0 })
        let reason = "left by a killed run, stays: : writing to the disk failed: Input/output error"
        #expect(
            said
                == (isFailing
                    ? ["/.out.old-…: \(reason)", "/.out.replaced-…: \(reason)"]
                    : ["old", "replaced"].map { "removed .out.\($0)-…, which a killed run had left" }))
        #expect(try names == (isFailing ? [".out.old-a1", ".out.replaced-a2", "out"] : ["out"]))
    }

    // MARK: Mount points

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

    // MARK: Killed runs

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

    /// Killed after the new one was given the name for what is replaced, and before the exchange: it never was the output.
    @Test func killedBeforeTheExchange() throws {
        try write("old", into: directory.path("out"))
        try write("new", into: directory.path(".out.replaced-a1"))
        _ = try open()
        #expect(said == ["removed .out.replaced-…, which a killed run had left"])
        #expect(try names == ["out"])
        #expect(try text("out/f1") == "old")
    }

    /// The same where names cannot be exchanged, after the earlier one was moved aside.
    @Test func killedBetweenTheTwoNamesWithoutExchange() throws {
        try write("old", into: directory.path(".out.old-a1"))
        try write("new", into: directory.path(".out.replaced-a2"))
        _ = try open()
        #expect(
            said == [
                "renamed .out.old-… to /out again: a killed run had moved it aside",
                "removed .out.replaced-…, which a killed run had left",
            ])
        #expect(try names == ["out"])
        #expect(try text("out/f1") == "old")
    }

    /// A commit that fails after the new one got that name leaves the earlier one, and nothing else.
    @Test func aFailureWithoutExchange() throws {
        let output = directory.path("out")
        try write("old", into: output)
        let pending = try open(
            exchange: NameExchange { _, other in
                // The earlier one is moved aside by another name, and something else has its own.
                try? makeDirectories(other + "2")
                return rename(other, other + "2/f") != 0
            })
        try write("new", into: pending.partial)
        #expect(errorText { try pending.commit() }.contains("out failed: No such file or directory"))
        pending.discard()
        #expect(try names == ["out2"])
        #expect(try text("out2/f/f1") == "old")
    }

    /// Killed after the earlier one was moved aside and before the new one got the name.
    @Test func killedBetweenTheTwoNames() throws {
        try write("old", into: directory.path(".out.old-a1"))
        try write("new", into: directory.path(".out.partial-a2"))
        #expect(
            errorText { _ = try open(overwrite: false) }.hasSuffix(
                "/out: exists already; give another name, or --overwrite to replace it"))
        #expect(
            said == [
                "removed .out.partial-…, which a killed run had left",
                "renamed .out.old-… to /out again: a killed run had moved it aside",
            ])
        #expect(try names == ["out"])
        #expect(try text("out/f1") == "old")
    }

    /// Killed while the earlier one was removed: its mark is the last to go, so that the next run knows the rest.
    @Test func killedWhileRemoving() throws {
        try write("new", into: directory.path("out"))
        try write("old", into: directory.path(".out.old-a1"))
        try write("old", into: directory.path(".out.replaced-a2"), files: ["sub/f2"])
        try write("old", into: directory.path(".out.replaced-a3"), files: ["theirs"])
        try write("old", into: directory.path(".out.replaced-a4"), files: ["f1"], marked: false)
        // Killed before the last step: nothing is left by which to know it.
        try makeDirectories(directory.path(".out.replaced-a5"))
        _ = try open()
        #expect(
            said == [
                "removed .out.old-…, which a killed run had left",
                "removed .out.replaced-…, which a killed run had left",
                "/.out.replaced-…: left by a killed run, stays: it holds theirs",
                "/.out.replaced-…: left by a killed run, stays: no mark",
                "removed .out.replaced-…, which a killed run had left",
            ])
        #expect(try names == [".out.replaced-a3", ".out.replaced-a4", "out"])
        #expect(try text("out/f1") == "new")
    }

    /// What is removed after it was moved aside has a name by which it is never put back, even where something of it stays.
    @Test func halfAnOutputIsNotPutBack() throws {
        try write("new", into: directory.path("out"))
        try write("old", into: directory.path(".out.old-a1"))
        _ = try open(afterCheck: { path in
            if path.lastComponent == ".out.old-a1" { try? writeFile([1], to: path + "/late") }
        })
        #expect(said == ["/.out.replaced-…: left by a killed run, could not be removed"])
        let left = try names
        try #require(left.count == 2 && left[0].hasPrefix(".out.replaced-") && left[1] == "out", "\(left)")
        #expect(try AdaDimFiles.names(inDirectory: directory.path(left[0])) == ["late"])
    }

    /// Nothing is put back that a person has to look at first.
    @Test func whatIsNotPutBack() throws {
        try write("old", into: directory.path(".out.old-a1"), files: ["theirs"])
        _ = try open()
        #expect(said == ["/.out.old-…: stays; a killed run had moved it aside from /out: it holds theirs"])
        try write("older", into: directory.path(".out.old-a2"))
        notices.withLock { $0 = [] }
        _ = try open()
        #expect(said == Array(repeating: "/.out.old-…: stays; a killed run had moved it aside from /out", count: 2))
        #expect(try names == [".out.old-a1", ".out.old-a2"])
    }

    /// Nor is what the run reads, whatever its name.
    @Test func theModelIsSpared() throws {
        for kind in ["partial", "old", "replaced"] {
            let path = directory.path(".out.\(kind)-a1")
            try write("model", into: path)
            _ = try open(sparing: path)
            _ = try open(sparing: path + "/sub")
            #expect(said == [] && FileStatus.kind(of: path) == .directory)
            removeTree(path)
        }
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
