import AdaDimExport
import AdaDimFiles
import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Testing

@Suite("Output directories")
struct OutputDirectoryTests {
    private let files = FileManager.default

    @Test func appearsWholeAtTheEnd() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        // The trailing slash that a shell completes is no part of the name.
        let target = URL(fileURLWithPath: output.path + "/", isDirectory: true)
        let writing = try OutputDirectory(target, model: directory.url, overwrite: false)
        #expect(writing.partial.lastPathComponent.hasPrefix(".out.partial-"))
        #expect(
            try directory.neighbours == [".out.lock", writing.partial.lastPathComponent, "model"])
        let result = try writing.complete { partial in
            try Data("new".utf8).write(to: partial.appendingPathComponent("file"))
            #expect(!files.fileExists(atPath: output.path))
            return 7
        }
        #expect(result == 7)
        #expect(try directory.neighbours == ["model", "out"])
        #expect(try String(contentsOf: output.appendingPathComponent("file"), encoding: .utf8) == "new")
    }

    @Test func nothingStaysAfterAnError() throws {
        struct Stop: Error {}
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        #expect(throws: Stop.self) {
            try OutputDirectory(output, model: directory.url, overwrite: false).complete { partial in
                try Data("half".utf8).write(to: partial.appendingPathComponent("file"))
                throw Stop()
            }
        }
        #expect(try directory.neighbours == ["model"])
        // Nor after a value that is dropped, as on a thrown error outside.
        do { _ = try OutputDirectory(output, model: directory.url, overwrite: false) }
        #expect(try directory.neighbours == ["model"])
    }

    @Test func modelIsOutOfBounds() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let (model, parent) = (directory.url.path, directory.parent.path)
        #expect(directory.refusal(of: model) == "/model: the output is the model's own directory, expected another one")
        #expect(directory.refusal(of: model + "/", overwrite: true).contains("is the model's own directory"))
        #expect(
            directory.refusal(of: model + "/out")
                == "/model/out: the output is inside the model's directory /model, expected a place outside")
        try files.createDirectory(atPath: model + "/deep", withIntermediateDirectories: true)
        #expect(directory.refusal(of: model + "/deep/out").contains("is inside the model's directory"))
        #expect(
            directory.refusal(of: parent, overwrite: true)
                == ": the output contains the model's directory /model, expected a directory outside it")
        #expect(directory.refusal(of: "/", overwrite: true).contains("contains the model's directory"))
        // Links on either side lead to the same places.
        try files.createSymbolicLink(atPath: parent + "/link", withDestinationPath: model)
        #expect(directory.refusal(of: parent + "/link").contains("is the model's own directory"))
        #expect(directory.refusal(of: parent + "/link/out").contains("is inside the model's directory /model,"))
        let throughLink = #expect(throws: ExportError.self) {
            try OutputDirectory(
                directory.url, model: URL(fileURLWithPath: parent + "/link"), overwrite: true)
        }
        #expect(throughLink == .outputIsModel(output: model))
        #expect(directory.refusal(of: parent + "/model/../model/./out").contains("is inside the model's directory"))
        // A name that only begins with the model's is another directory.
        let writing = try OutputDirectory(
            URL(fileURLWithPath: model + "-3bit"), model: directory.url, overwrite: false)
        writing.discard()
        #expect(try directory.neighbours == ["link", "model"])
    }

    @Test func theCurrentDirectoryAndTheEmptyName() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        for name in ["", ".", "./", files.currentDirectoryPath] {
            for overwrite in [false, true] {
                #expect(
                    directory.refusal(of: name, overwrite: overwrite).hasSuffix(
                        "the output is the directory that the tool runs in (which an empty name means too), expected "
                            + "another one"))
            }
        }
    }

    /// Partial directories that no run holds are removed, and nothing else is.
    @Test func leftoversOfKilledRuns() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let left = [".out.partial-1", ".out.partial-a1", ".out.partial-z"]
        let kept = [
            ".out.partial-", ".out.partial-1-a1", ".out.partial--1", ".out2.partial-a1", "out.partial-a1",
        ]
        for name in left + kept + [".out.old-a1"] {
            let url = directory.parent.appendingPathComponent(name)
            try files.createDirectory(at: url, withIntermediateDirectories: false)
            try Data("half".utf8).write(to: url.appendingPathComponent("file"))
        }
        // The dead run's lock, whatever process has its number now.
        try Data("process 1 on here\n".utf8).write(to: directory.parent.appendingPathComponent(".out.lock"))
        let output = directory.parent.appendingPathComponent("out")
        var notices: [String] = []
        _ = try OutputDirectory(output, model: directory.url, overwrite: false) { notices.append($0) }
        let old = directory.parent.path + "/.out.old-a1"
        #expect(
            notices.map { $0.replacingOccurrences(of: directory.parent.path, with: "") }
                == left.map { "removed \($0), which a killed run had left" } + [
                    "/.out.old-a1: stays; a killed run had moved it aside from /out: /.out.old-a1: is not replaced, since "
                        + "it is not an earlier output of this tool: it holds no quantization-report.json"
                ])
        try files.removeItem(atPath: old)
        #expect(try directory.neighbours == (kept + ["model"]).sorted())
        // Nor the model, whatever it is called.
        let model = directory.parent.appendingPathComponent(left[0])
        try files.moveItem(at: directory.url, to: model)
        notices = []
        _ = try OutputDirectory(output, model: model, overwrite: false) { notices.append($0) }
        #expect(notices == [])
        #expect(try directory.neighbours == (kept + [left[0]]).sorted())
    }

    /// A run at work is not disturbed, and whoever comes second knows it at once.
    @Test func oneRunAtATime() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        // By another way to the same place, too.
        try files.createSymbolicLink(
            atPath: directory.parent.path + "/here", withDestinationPath: directory.parent.path)
        let writing = try OutputDirectory(output, model: directory.url, overwrite: false)
        try Data("half".utf8).write(to: writing.partial.appendingPathComponent("file"))
        for path in [output.path, directory.parent.path + "/here/out"] {
            for overwrite in [false, true] {
                let text = directory.refusal(of: path, overwrite: overwrite)
                #expect(text.contains("/out: another run is writing it: process \(getpid()) on "), "\(text)")
            }
        }
        // Another output is another matter.
        _ = try OutputDirectory(
            directory.parent.appendingPathComponent("out2"), model: directory.url, overwrite: false)
        try writing.commit()
        #expect(try directory.neighbours == ["here", "model", "out"])
        #expect(directory.refusal(of: output.path).contains("/out: exists already"))
    }

    /// Every name that the file system takes is one for an output.
    @Test(arguments: [("x", 1), ("é", 2)]) func longNames(_ character: String, _ width: Int) throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        for bytes in [240, 254, 255] {
            let name = String(repeating: character, count: bytes / width)
            let output = directory.parent.appendingPathComponent(name)
            for _ in 0..<2 {
                try OutputDirectory(output, model: directory.url, overwrite: true).complete { partial in
                    for (file, text) in [
                        ("file", "new"),
                        (
                            OutputDirectory.reportName,
                            "{\"producer\": \"adadim\", \"files\": [\"file\", \"\(OutputDirectory.reportName)\"]}"
                        ),
                    ] { try Data(text.utf8).write(to: partial.appendingPathComponent(file)) }
                }
            }
            #expect(try directory.neighbours == [name, "model"].sorted())
            try files.removeItem(at: output)
        }
        let name = String(repeating: "x", count: 256)
        #expect(
            directory.refusal(of: directory.parent.path + "/" + name)
                == "/\(name): its name has 256 bytes, the file system takes 255 at most")
        let path = directory.parent.path + String(repeating: "/" + name.dropLast(), count: 16)
        #expect(
            directory.refusal(of: path).hasSuffix(
                ": the path is longer than the system takes, \(path.utf8.count) bytes in all"))
        #expect(try directory.neighbours == ["model"])
    }

    /// A file system that brings no directory to the disk costs a notice, a disk that fails the run.
    @Test func directoriesThatAreNotBroughtToTheDisk() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        var notices: [String] = []
        try OutputDirectory(
            output, model: directory.url, overwrite: false, synchronizer: FolderSynchronizer { _, _ in EINVAL }
        ) { notices.append($0) }.complete { partial in
            let folder = partial.appendingPathComponent("sub")
            try files.createDirectory(at: folder, withIntermediateDirectories: false)
            try Data("new".utf8).write(to: folder.appendingPathComponent("file"))
        }
        #expect(try String(contentsOf: output.appendingPathComponent("sub/file"), encoding: .utf8) == "new")
        #expect(
            notices == [
                "\(output.path): the file system does not write directories to the disk at once (Invalid argument): if the "
                    + "machine loses power within seconds, the output may be incomplete"
            ])
        try files.removeItem(at: output)
        let text = errorText {
            try OutputDirectory(
                output, model: directory.url, overwrite: false, synchronizer: FolderSynchronizer { _, _ in EIO }
            ).complete { _ in }
        }
        #expect(text.hasSuffix(": writing to the disk failed: Input/output error"), "\(text)")
        #expect(try directory.neighbours == ["model"])
    }

    /// Names are bytes: an accent after a slash is no part of it, and what Swift calls equal can be two directories.
    @Test func namesThatSwiftReadsOtherwise() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let parent = directory.parent.path
        for name in ["\u{301}x", "\u{e9}", "e\u{301}"] {
            let output = URL(fileURLWithPath: parent + "/" + name, isDirectory: true)
            try OutputDirectory(output, model: directory.url, overwrite: false).complete { partial in
                try Data("new".utf8).write(to: partial.appendingPathComponent("file"))
            }
        }
        let found = try names(inDirectory: parent).map { Array($0.utf8) }
        #expect(
            found
                == ["e\u{301}", "model", "\u{301}x", "\u{e9}"].map { Array($0.utf8) }.sorted {
                    $0.lexicographicallyPrecedes($1)
                })
        // A model beside an output of a name that Swift calls equal is not that output.
        try files.moveItem(at: directory.url, to: URL(fileURLWithPath: parent + "/mode\u{301}l"))
        let model = URL(fileURLWithPath: parent + "/mode\u{301}l")
        _ = try OutputDirectory(URL(fileURLWithPath: parent + "/mod\u{e9}l"), model: model, overwrite: false)
    }

    /// Each file is opened to be brought to the disk, which a link is not.
    @Test func onlyFilesAreCommitted() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        let text = errorText {
            try OutputDirectory(output, model: directory.url, overwrite: false).complete { partial in
                try files.createSymbolicLink(atPath: partial.path + "/link", withDestinationPath: "/etc/hostname")
            }
        }
        #expect(text.hasSuffix("/link: opening failed: Too many levels of symbolic links"), "\(text)")
        #expect(try directory.neighbours == ["model"])
    }

    @Test func linksToNowhereAndMissingParents() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let parent = directory.parent.path
        try files.createSymbolicLink(atPath: parent + "/dangling", withDestinationPath: parent + "/none")
        #expect(directory.refusal(of: parent + "/dangling").hasPrefix("/dangling: exists already"))
        #expect(directory.refusal(of: parent + "/dangling", overwrite: true).hasSuffix("it is not a directory"))
        #expect(
            directory.refusal(of: parent + "/none/out")
                == "/none/out: its parent directory does not exist")
        let noModel = #expect(throws: ExportError.self) {
            try OutputDirectory(
                URL(fileURLWithPath: parent + "/out"), model: URL(fileURLWithPath: parent + "/none"), overwrite: false)
        }
        #expect(
            noModel.map { "\($0)" }
                == "\(parent)/none: finding the model's directory failed: No such file or directory")
    }
}
