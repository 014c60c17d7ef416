import AdaDimExport
import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Testing

@Suite("Output directories")
struct OutputDirectoryTests {
    private let files = FileManager.default

    private func names(_ directory: ModelDirectory) throws -> [String] {
        try files.contentsOfDirectory(atPath: directory.parent.path).sorted()
    }

    /// The error's text, paths under the test's directory written as "/…".
    private func error(
        _ output: String, _ directory: ModelDirectory, overwrite: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> String {
        let error = #expect(throws: ExportError.self, sourceLocation: sourceLocation) {
            try OutputDirectory(URL(fileURLWithPath: output), model: directory.url, overwrite: overwrite)
        }
        return (error.map { "\($0)" } ?? "").replacingOccurrences(of: directory.parent.path, with: "")
    }

    /// A directory such as an earlier run leaves, with a file to know it by.
    private func earlierOutput(_ directory: ModelDirectory, producer: String = "adadim 0.1") throws -> URL {
        let output = directory.parent.appendingPathComponent("out")
        try files.createDirectory(at: output, withIntermediateDirectories: true)
        let name = OutputDirectory.reportName
        try Data("{\"producer\": \"\(producer)\", \"files\": [\"gone\", \"marker\", \"\(name)\"]}".utf8)
            .write(to: output.appendingPathComponent(name))
        try Data("old".utf8).write(to: output.appendingPathComponent("marker"))
        return output
    }

    @Test func appearsWholeAtTheEnd() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        // The trailing slash that a shell completes is no part of the name.
        let target = URL(fileURLWithPath: output.path + "/", isDirectory: true)
        let writing = try OutputDirectory(target, model: directory.url, overwrite: false)
        #expect(writing.partial.lastPathComponent.hasPrefix(".out.partial-"))
        #expect(
            try names(directory) == [".out.lock", writing.partial.lastPathComponent, "model"])
        let result = try writing.complete { partial in
            try Data("new".utf8).write(to: partial.appendingPathComponent("file"))
            #expect(!files.fileExists(atPath: output.path))
            return 7
        }
        #expect(result == 7)
        #expect(try names(directory) == ["model", "out"])
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
        #expect(try names(directory) == ["model"])
        // Nor after a value that is dropped, as on a thrown error outside.
        do { _ = try OutputDirectory(output, model: directory.url, overwrite: false) }
        #expect(try names(directory) == ["model"])
    }

    @Test func modelIsOutOfBounds() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let (model, parent) = (directory.url.path, directory.parent.path)
        #expect(error(model, directory) == "/model: the output is the model's own directory, expected another one")
        #expect(error(model + "/", directory, overwrite: true).contains("is the model's own directory"))
        #expect(
            error(model + "/out", directory)
                == "/model/out: the output lies inside the model's directory /model, expected a place outside")
        try files.createDirectory(atPath: model + "/deep", withIntermediateDirectories: true)
        #expect(error(model + "/deep/out", directory).contains("lies inside the model's directory"))
        #expect(
            error(parent, directory, overwrite: true)
                == ": the output holds the model's directory /model, expected a place beside it")
        #expect(error("/", directory, overwrite: true).contains("holds the model's directory"))
        // Links on either side lead to the same places.
        try files.createSymbolicLink(atPath: parent + "/link", withDestinationPath: model)
        #expect(error(parent + "/link", directory).contains("is the model's own directory"))
        #expect(error(parent + "/link/out", directory).contains("lies inside the model's directory /model,"))
        let throughLink = #expect(throws: ExportError.self) {
            try OutputDirectory(
                directory.url, model: URL(fileURLWithPath: parent + "/link"), overwrite: true)
        }
        #expect(throughLink == .outputIsModel(output: model))
        #expect(error(parent + "/model/../model/./out", directory).contains("lies inside the model's directory"))
        // A name that only begins with the model's is another directory.
        let writing = try OutputDirectory(
            URL(fileURLWithPath: model + "-3bit"), model: directory.url, overwrite: false)
        writing.discard()
        #expect(try names(directory) == ["link", "model"])
    }

    @Test func existingOutputs() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try earlierOutput(directory)
        #expect(
            error(output.path, directory) == "/out: exists already; give another name, or --overwrite to replace it")
        try OutputDirectory(output, model: directory.url, overwrite: true).complete { partial in
            // Until then nothing changes.
            #expect(files.fileExists(atPath: output.appendingPathComponent("marker").path))
            try Data("new".utf8).write(to: partial.appendingPathComponent("file"))
        }
        #expect(try files.contentsOfDirectory(atPath: output.path) == ["file"])
        #expect(try names(directory) == ["model", "out"])
        // What was written above has no report.
        let refused = "/out: is not replaced, since it is not an earlier output of this tool: "
        #expect(error(output.path, directory, overwrite: true) == refused + "it holds no quantization-report.json")
        let report = output.appendingPathComponent(OutputDirectory.reportName)
        for text in ["{}", "[]", "{\"producer\": 1}", "{\"producer\": \"other\"}", "no JSON"] {
            try Data(text.utf8).write(to: report)
            #expect(
                error(output.path, directory, overwrite: true)
                    == refused + "the producer in its quantization-report.json does not begin with adadim")
        }
        for list in ["", ", \"files\": null", ", \"files\": 3"] {
            try Data("{\"producer\": \"adadim\"\(list)}".utf8).write(to: report)
            #expect(
                error(output.path, directory, overwrite: true)
                    == refused + "its quantization-report.json does not list the files that the tool wrote")
        }
        try files.removeItem(at: output)
        try Data("text".utf8).write(to: output)
        #expect(error(output.path, directory, overwrite: true) == refused + "it is not a directory")
        #expect(
            error(output.path, directory) == "/out: exists already; give another name, or --overwrite to replace it")
        #expect(try names(directory) == ["model", "out"])
    }

    /// What others put into an earlier output is not removed with it.
    @Test func whatOthersAddedIsKept() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try earlierOutput(directory)
        func refusal(_ name: String) -> String {
            "/out: is not replaced, since it is not an earlier output of this tool: it holds \(name), "
                + "which this tool did not write"
        }
        let added = ["mine.txt", ".hidden", "notes", "gone"].map(output.appendingPathComponent)
        try Data("mine".utf8).write(to: added[0])
        #expect(error(output.path, directory, overwrite: true) == refusal("mine.txt"))
        try files.removeItem(at: added[0])
        try Data().write(to: added[1])
        #expect(error(output.path, directory, overwrite: true) == refusal(".hidden"))
        try files.removeItem(at: added[1])
        try files.createDirectory(at: added[2], withIntermediateDirectories: false)
        #expect(error(output.path, directory, overwrite: true) == refusal("notes"))
        try files.removeItem(at: added[2])
        // A listed name that now is a directory or a link was put there by someone else.
        try files.createDirectory(at: added[3], withIntermediateDirectories: false)
        #expect(error(output.path, directory, overwrite: true) == refusal("gone"))
        try files.removeItem(at: added[3])
        try files.createSymbolicLink(atPath: added[3].path, withDestinationPath: "/")
        #expect(error(output.path, directory, overwrite: true) == refusal("gone"))
        try files.removeItem(at: added[3])

        // And again at the end.
        let writing = try OutputDirectory(output, model: directory.url, overwrite: true)
        try Data("mine".utf8).write(to: added[0])
        #expect(
            errorText { try writing.commit() }.replacingOccurrences(of: directory.parent.path, with: "")
                == refusal("mine.txt"))
        #expect(try String(contentsOf: added[0], encoding: .utf8) == "mine")
        #expect(files.fileExists(atPath: output.appendingPathComponent("marker").path))
    }

    @Test func theCurrentDirectoryAndTheEmptyName() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        for name in ["", ".", "./", files.currentDirectoryPath] {
            for overwrite in [false, true] {
                #expect(
                    error(name, directory, overwrite: overwrite).hasSuffix(
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
            ".out.partial-", ".out.partial-1-a1", ".out.partial--1", ".out.old-a1", ".out2.partial-a1",
            "out.partial-a1",
        ]
        for name in left + kept {
            let url = directory.parent.appendingPathComponent(name)
            try files.createDirectory(at: url, withIntermediateDirectories: false)
            try Data("half".utf8).write(to: url.appendingPathComponent("file"))
        }
        // The dead run's lock, whatever process has its number now.
        try Data("process 1 on here\n".utf8).write(to: directory.parent.appendingPathComponent(".out.lock"))
        let output = directory.parent.appendingPathComponent("out")
        do {
            var notices: [String] = []
            let writing = try OutputDirectory(output, model: directory.url, overwrite: false) { notices.append($0) }
            #expect(writing.removedLeftovers == left)
            #expect(notices == left.map { "removed \($0), which a killed run had left" })
        }
        #expect(try names(directory) == (kept + ["model"]).sorted())
        // Nor the model, whatever it is called.
        let model = directory.parent.appendingPathComponent(left[0])
        try files.moveItem(at: directory.url, to: model)
        #expect(try OutputDirectory(output, model: model, overwrite: false).removedLeftovers == [])
        #expect(try names(directory) == (kept + [left[0]]).sorted())
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
                let text = error(path, directory, overwrite: overwrite)
                #expect(text.contains("/out: another run is writing it: process \(getpid()) on "), "\(text)")
            }
        }
        // Another output is another matter.
        _ = try OutputDirectory(
            directory.parent.appendingPathComponent("out2"), model: directory.url, overwrite: false)
        try writing.commit()
        #expect(try names(directory) == ["here", "model", "out"])
        #expect(error(output.path, directory).contains("/out: exists already"))
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
            #expect(try names(directory) == [name, "model"].sorted())
            try files.removeItem(at: output)
        }
        let name = String(repeating: "x", count: 256)
        #expect(
            error(directory.parent.path + "/" + name, directory)
                == "/\(name): its name has 256 bytes, the file system takes 255 at most")
        let path = directory.parent.path + String(repeating: "/" + name.dropLast(), count: 16)
        #expect(
            error(path, directory).hasSuffix(
                ": the path is longer than the system takes, \(path.utf8.count) bytes in all"))
        #expect(try names(directory) == ["model"])
    }

    /// A file system that brings no directory to the disk costs a notice, a disk that fails the run.
    @Test func directoriesThatAreNotBroughtToTheDisk() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        var notices: [String] = []
        try OutputDirectory(
            output, model: directory.url, overwrite: false, synchronizer: FolderSynchronizer { _ in EINVAL }
        ) { notices.append($0) }.complete { partial in
            try Data("new".utf8).write(to: partial.appendingPathComponent("file"))
        }
        #expect(try String(contentsOf: output.appendingPathComponent("file"), encoding: .utf8) == "new")
        #expect(notices.count == 2)
        #expect(
            notices.last?.hasPrefix(
                "\(directory.parent.path): the file system does not bring this directory to the disk at once (Invalid argument)"
            )
                == true)
        try files.removeItem(at: output)
        let text = errorText {
            try OutputDirectory(
                output, model: directory.url, overwrite: false, synchronizer: FolderSynchronizer { _ in EIO }
            ).complete { _ in }
        }
        #expect(text.hasSuffix(": writing to the disk failed: Input/output error"), "\(text)")
        #expect(try names(directory) == ["model"])
    }

    /// Subfolders are replaced with what the report lists in them, and only so.
    @Test func subfoldersAreReplaced() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        func write(_ partial: URL, _ paths: [String]) throws {
            for path in paths {
                let file = partial.appendingPathComponent(path)
                try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data("text".utf8).write(to: file)
            }
            let listed = paths.map { "\"\($0)\"" }.joined(separator: ", ")
            try Data("{\"producer\": \"adadim\", \"files\": [\(listed), \"\(OutputDirectory.reportName)\"]}".utf8)
                .write(to: partial.appendingPathComponent(OutputDirectory.reportName))
        }
        let old = ["a/b/file", "a/file", "c/file", "file"]
        try OutputDirectory(output, model: directory.url, overwrite: false).complete { try write($0, old) }
        #expect(try OutputDirectory.files(in: output) == old + [OutputDirectory.reportName])
        let refused = "/out: is not replaced, since it is not an earlier output of this tool: it holds "
        for added in ["a/mine", "mine/deep/file"] {
            let file = output.appendingPathComponent(added)
            try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: file)
            let found = added == "a/mine" ? added : "mine"
            #expect(
                error(output.path, directory, overwrite: true) == refused + found + ", which this tool did not write")
            try files.removeItem(at: added == "a/mine" ? file : output.appendingPathComponent("mine"))
        }
        try files.createDirectory(at: output.appendingPathComponent("a/empty"), withIntermediateDirectories: false)
        #expect(
            error(output.path, directory, overwrite: true) == refused + "a/empty, which this tool did not write")
        try files.removeItem(at: output.appendingPathComponent("a/empty"))
        // A link to a directory is not one of ours, and what it leads to is not looked at.
        try files.removeItem(at: output.appendingPathComponent("c"))
        try files.createSymbolicLink(atPath: output.path + "/c", withDestinationPath: "a")
        #expect(error(output.path, directory, overwrite: true) == refused + "c, which this tool did not write")
        try files.removeItem(at: output.appendingPathComponent("c"))
        try OutputDirectory(output, model: directory.url, overwrite: true).complete { try write($0, ["c/new"]) }
        #expect(try OutputDirectory.files(in: output) == ["c/new", OutputDirectory.reportName])
        #expect(try names(directory) == ["model", "out"])
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
        #expect(try names(directory) == ["model"])
    }

    @Test func linksToNowhereAndMissingParents() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let parent = directory.parent.path
        try files.createSymbolicLink(atPath: parent + "/dangling", withDestinationPath: parent + "/none")
        #expect(error(parent + "/dangling", directory).hasPrefix("/dangling: exists already"))
        #expect(error(parent + "/dangling", directory, overwrite: true).hasSuffix("it is not a directory"))
        #expect(
            error(parent + "/none/out", directory)
                == "/none/out: the directory that would hold it does not exist")
        let noModel = #expect(throws: ExportError.self) {
            try OutputDirectory(
                URL(fileURLWithPath: parent + "/out"), model: URL(fileURLWithPath: parent + "/none"), overwrite: false)
        }
        #expect(
            noModel.map { "\($0)" }
                == "\(parent)/none: finding the model's directory failed: No such file or directory")
    }

    /// Something that appeared meanwhile is not overwritten.
    @Test func whatAppearsMeanwhileStays() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        let writing = try OutputDirectory(output, model: directory.url, overwrite: false)
        try files.createDirectory(at: output, withIntermediateDirectories: false)
        #expect(throws: ExportError.outputExists(output: output.path)) { try writing.commit() }
        writing.discard()
        #expect(try names(directory) == ["model", "out"])
    }

    @Test func anEarlierOutputOutlivesAFailedCommit() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try earlierOutput(directory)
        let writing = try OutputDirectory(output, model: directory.url, overwrite: true)
        // Without a hidden sibling there is nothing to give the name to.
        try files.removeItem(at: writing.partial)
        let error = #expect(throws: ExportError.self) { try writing.commit() }
        #expect(error.map { "\($0)" }?.hasPrefix("\(writing.partial.path): listing failed: ") == true)
        #expect(files.fileExists(atPath: output.appendingPathComponent("marker").path))
        writing.discard()
        #expect(try names(directory) == ["model", "out"])
    }
}
