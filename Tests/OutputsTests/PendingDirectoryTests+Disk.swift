import AdaDimFiles
import AdaDimOutputs
import AdaDimTestSupport
import Glibc
import Synchronization
import Testing

/// What is written reaches the disk, or it is said that it does not.
extension PendingDirectoryTests {
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
                "/out: the file system does not write directories to the disk at once (Invalid argument): if the machine "
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
}
