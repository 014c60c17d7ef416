import AdaDimFiles
import AdaDimOutputs
import AdaDimTestSupport
import Glibc
import Testing

/// What killed runs have left is put back or removed, and nothing else is.
extension PendingDirectoryTests {
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
}
