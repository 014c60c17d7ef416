import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Testing

/// The output is there complete or not at all, and nothing is replaced that should not be.
@Suite struct LayerOutputTests {
    /// A directory with an input file, gone at the test's end.
    private final class Place {
        let directory: TemporaryDirectory
        var input: String { directory.path("input.safetensors") }
        var output: String { directory.path("output.safetensors") }

        init() throws {
            directory = try TemporaryDirectory()
            try writeSafetensors([TestTensor("weight", .float32, [1], [1])], to: input)
        }

        deinit { directory.remove() }

        var names: [String] {
            get throws { try FileManager.default.contentsOfDirectory(atPath: directory.url.path).sorted() }
        }

        func text(_ path: String) throws -> String { try String(contentsOf: URL(filePath: path), encoding: .utf8) }

        /// The text of the refusal to write `path`.
        func refusal(_ path: String, overwrite: Bool) -> String {
            errorText { _ = try LayerOutput(path, input: input, overwrite: overwrite) }
        }

        /// What the tool would have written before.
        func writeEarlierOutput(to path: String) throws {
            try writeSafetensors([], metadata: ["format": QuantizedLayerFile.format], to: path)
        }
    }

    @Test func theNameComesLast() throws {
        let place = try Place()
        let output = try LayerOutput(place.output, input: place.input, overwrite: false)
        #expect(try place.names == [".output.safetensors.lock", "input.safetensors"])
        try output.complete { partial in
            try Data("whole".utf8).write(to: URL(filePath: partial))
            let names = try place.names
            #expect(
                names.count == 3 && !names.contains("output.safetensors")
                    && names[1].hasPrefix(".output.safetensors.partial-"))
        }
        #expect(try place.text(place.output) == "whole")
    }

    /// A file that is mounted, as containers have them, cannot be replaced: that is said before any work.
    @Test(.enabled(if: BindMount.isPossible)) func aMountPoint() throws {
        let place = try Place()
        try place.writeEarlierOutput(to: place.output)
        try place.writeEarlierOutput(to: place.directory.path("source.safetensors"))
        try BindMount.at(place.output, of: place.directory.path("source.safetensors")) {
            #expect(
                place.refusal(place.output, overwrite: true)
                    == "\(place.output): is a mount point, which the system lets nothing replace; give another path, such as "
                    + "one below it")
        }
        #expect(place.refusal(place.output, overwrite: true) == "nothing was thrown")
        #expect(try place.names == ["input.safetensors", "output.safetensors", "source.safetensors"])
    }

    /// Who comes second knows it before any work; what a killed run left goes.
    @Test func oneRunAtATime() throws {
        let place = try Place()
        try Data("half".utf8).write(to: URL(filePath: place.directory.path(".output.safetensors.partial-a1")))
        let notices = Guarded<[String]>([])
        do {
            let output = try LayerOutput(place.output, input: place.input, overwrite: false) { text in
                notices.withLock { $0.append(text) }
            }
            #expect(
                notices.withLock { $0 } == ["removed .output.safetensors.partial-a1, which a killed run had left"])
            let text = place.refusal(place.output, overwrite: true)
            #expect(text.contains("/output.safetensors: another run is writing it: process \(getpid()) on "), "\(text)")
            try output.complete { try Data("whole".utf8).write(to: URL(filePath: $0)) }
        }
        #expect(try place.names == ["input.safetensors", "output.safetensors"])
    }

    @Test func longNamesAndDirectoriesThatAreNotBroughtToTheDisk() throws {
        let place = try Place()
        let name = String(repeating: "x", count: 255)
        let notices = Guarded<[String]>([])
        do {
            let output = try LayerOutput(
                place.directory.path(name), input: place.input, overwrite: false,
                synchronizer: FolderSynchronizer { _, _ in EINVAL }
            ) { text in notices.withLock { $0.append(text) } }
            try output.complete { try Data("whole".utf8).write(to: URL(filePath: $0)) }
        }
        #expect(try place.names == ["input.safetensors", name])
        #expect(notices.withLock { $0.count } == 1)
        #expect(
            place.refusal(place.directory.path(name + "x"), overwrite: false)
                .hasSuffix("x: its name has 256 bytes, the file system takes 255 at most"))
    }

    /// A disk that fails once the file has its name: the file is there, and the error says so.
    @Test func aDiskThatFailsAtTheEnd() throws {
        let place = try Place()
        let output = try LayerOutput(
            place.output, input: place.input, overwrite: false, synchronizer: FolderSynchronizer { _, _ in EIO })
        let text = errorText { try output.complete { try Data("whole".utf8).write(to: URL(filePath: $0)) } }
        let parent = place.directory.url.path
        #expect(
            text == "\(place.output): is written and complete, but its name may not outlive a loss of power: "
                + "\(parent): writing to the disk failed: Input/output error")
        #expect(try place.text(place.output) == "whole")
    }

    @Test func aFailureLeavesNothing() throws {
        struct Failure: Error {}
        let place = try Place()
        try place.writeEarlierOutput(to: place.output)
        let before = try Data(contentsOf: URL(filePath: place.output))
        let output = try LayerOutput(place.output, input: place.input, overwrite: true)
        #expect(throws: Failure.self) {
            try output.complete { partial in
                try Data("half".utf8).write(to: URL(filePath: partial))
                throw Failure()
            }
        }
        #expect(try place.names == [".output.safetensors.lock", "input.safetensors", "output.safetensors"])
        #expect(try Data(contentsOf: URL(filePath: place.output)) == before)
    }

    @Test func earlierOutputsAreReplacedOnRequest() throws {
        let place = try Place()
        try place.writeEarlierOutput(to: place.output)
        #expect(
            place.refusal(place.output, overwrite: false)
                .hasSuffix("/output.safetensors: exists already; give another name, or --overwrite to replace it"))
        let output = try LayerOutput(place.output, input: place.input, overwrite: true)
        try output.complete { try Data("new".utf8).write(to: URL(filePath: $0)) }
        #expect(try place.text(place.output) == "new")
    }

    @Test func othersAreNever() throws {
        let place = try Place()
        func notOurs(_ reason: String) -> String {
            "/output.safetensors: is not replaced, since it is not an earlier output of this tool: \(reason)"
        }
        try writeSafetensors([TestTensor("weight", .float32, [1], [1])], metadata: ["format": "pt"], to: place.output)
        #expect(
            place.refusal(place.output, overwrite: true)
                .hasSuffix(notOurs("format in its __metadata__ is not adadim-layer")))
        try Data("notes".utf8).write(to: URL(filePath: place.output))
        #expect(
            place.refusal(place.output, overwrite: true)
                .hasSuffix(notOurs("5 bytes, expected at least the 8 of the header's length")))
        try FileManager.default.removeItem(atPath: place.output)
        try FileManager.default.createDirectory(atPath: place.output, withIntermediateDirectories: false)
        #expect(place.refusal(place.output, overwrite: true).hasSuffix(notOurs("it is not a file")))
        #expect(try place.names == ["input.safetensors", "output.safetensors"])
    }

    /// Under any name: its own, a hard link's, a symbolic link's.
    @Test func theInputIsKept() throws {
        let place = try Place()
        let (hard, soft) = (place.directory.path("hard"), place.directory.path("soft"))
        try FileManager.default.linkItem(atPath: place.input, toPath: hard)
        try FileManager.default.createSymbolicLink(atPath: soft, withDestinationPath: "input.safetensors")
        for path in [place.input, hard, soft, place.directory.path("./input.safetensors")] {
            for overwrite in [false, true] {
                #expect(
                    place.refusal(path, overwrite: overwrite)
                        == "\(path): the output is the input's own file, expected another one")
            }
        }
    }

    /// What came to be at the path while the run went on is not replaced either.
    @Test func thePathIsLookedAtAgain() throws {
        let place = try Place()
        let output = try LayerOutput(place.output, input: place.input, overwrite: false)
        let text = errorText {
            try output.complete { partial in
                try Data("ours".utf8).write(to: URL(filePath: partial))
                try Data("theirs".utf8).write(to: URL(filePath: place.output))
            }
        }
        #expect(text.hasSuffix("/output.safetensors: exists already; give another name, or --overwrite to replace it"))
        #expect(try place.text(place.output) == "theirs")
        #expect(try place.names == [".output.safetensors.lock", "input.safetensors", "output.safetensors"])
    }

    @Test func noDirectoryToHoldIt() throws {
        let place = try Place()
        let path = place.directory.path("nowhere/output.safetensors")
        #expect(
            place.refusal(path, overwrite: false) == "\(path): its parent directory does not exist")
    }
}
