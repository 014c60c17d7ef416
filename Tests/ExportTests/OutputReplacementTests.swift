import AdaDimExport
import AdaDimFiles
import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Testing

/// What happens to a directory that has the output's name already.
@Suite("Replaced outputs")
struct OutputReplacementTests {
    private let files = FileManager.default

    @Test func existingOutputs() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try directory.earlierOutput()
        #expect(
            directory.refusal(of: output.path)
                == "/out: exists already; give another name, or --overwrite to replace it")
        try OutputDirectory(output, model: directory.url, overwrite: true).complete { partial in
            // Until then nothing changes.
            #expect(files.fileExists(atPath: output.appendingPathComponent("marker").path))
            try Data("new".utf8).write(to: partial.appendingPathComponent("file"))
        }
        #expect(try files.contentsOfDirectory(atPath: output.path) == ["file"])
        #expect(try directory.neighbours == ["model", "out"])
        // What was written above has no report.
        let refused = "/out: is not replaced, since it is not an earlier output of this tool: "
        #expect(directory.refusal(of: output.path, overwrite: true) == refused + "it holds no quantization-report.json")
        let report = output.appendingPathComponent(OutputDirectory.reportName)
        for text in ["{}", "[]", "{\"producer\": 1}", "{\"producer\": \"other\"}", "no JSON"] {
            try Data(text.utf8).write(to: report)
            #expect(
                directory.refusal(of: output.path, overwrite: true)
                    == refused + "the producer in its quantization-report.json does not begin with adadim")
        }
        for list in ["", ", \"files\": null", ", \"files\": 3"] {
            try Data("{\"producer\": \"adadim\"\(list)}".utf8).write(to: report)
            #expect(
                directory.refusal(of: output.path, overwrite: true)
                    == refused + "its quantization-report.json does not list the files that the tool wrote")
        }
        try files.removeItem(at: output)
        try Data("text".utf8).write(to: output)
        #expect(directory.refusal(of: output.path, overwrite: true) == refused + "it is not a directory")
        #expect(
            directory.refusal(of: output.path)
                == "/out: exists already; give another name, or --overwrite to replace it")
        #expect(try directory.neighbours == ["model", "out"])
    }

    /// What others put into an earlier output is not removed with it.
    @Test func whatOthersAddedIsKept() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try directory.earlierOutput()
        func refusal(_ name: String) -> String {
            "/out: is not replaced, since it is not an earlier output of this tool: it holds \(name), "
                + "which this tool did not write"
        }
        let added = ["mine.txt", ".hidden", "notes", "gone"].map(output.appendingPathComponent)
        try Data("mine".utf8).write(to: added[0])
        #expect(directory.refusal(of: output.path, overwrite: true) == refusal("mine.txt"))
        try files.removeItem(at: added[0])
        try Data().write(to: added[1])
        #expect(directory.refusal(of: output.path, overwrite: true) == refusal(".hidden"))
        try files.removeItem(at: added[1])
        try files.createDirectory(at: added[2], withIntermediateDirectories: false)
        #expect(directory.refusal(of: output.path, overwrite: true) == refusal("notes"))
        try files.removeItem(at: added[2])
        // A listed name that now is a directory or a link was put there by someone else.
        try files.createDirectory(at: added[3], withIntermediateDirectories: false)
        #expect(directory.refusal(of: output.path, overwrite: true) == refusal("gone"))
        try files.removeItem(at: added[3])
        try files.createSymbolicLink(atPath: added[3].path, withDestinationPath: "/")
        #expect(directory.refusal(of: output.path, overwrite: true) == refusal("gone"))
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

    /// A name that Swift calls equal to a listed one is another's file.
    @Test func namesThatSwiftCallsEqual() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try directory.earlierOutput()
        let report = output.appendingPathComponent(OutputDirectory.reportName)
        let files = "\"\u{e9}\", \"\u{e9}l/file\", \"marker\", \"\(OutputDirectory.reportName)\""
        try Data("{\"producer\": \"adadim\", \"files\": [\(files)]}".utf8).write(to: report)
        let refused = "/out: is not replaced, since it is not an earlier output of this tool: it holds "
        for (path, name) in [("e\u{301}", "e\u{301}"), ("e\u{301}l/file", "e\u{301}l")] {
            let file = output.path + "/" + path
            try makeDirectories(file.parentPath ?? "")
            try writeFile([1], to: file)
            #expect(
                directory.refusal(of: output.path, overwrite: true) == refused + name
                    + ", which this tool did not write")
            removeTree(output.path + "/" + name)
        }
        try makeDirectories(output.path + "/\u{e9}l")
        for name in ["\u{e9}", "\u{e9}l/file"] { try writeFile([1], to: output.path + "/" + name) }
        _ = try OutputDirectory(output, model: directory.url, overwrite: true)
    }

    /// A report that says it has four terabytes costs nobody anything.
    @Test func aReportThatIsTooLarge() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try directory.earlierOutput()
        #expect(truncate(output.path + "/" + OutputDirectory.reportName, 4 << 40) == 0)
        #expect(
            directory.refusal(of: output.path, overwrite: true)
                == "/out: is not replaced, since it is not an earlier output of this tool: its quantization-report.json "
                + "cannot be read: 4398046511104 bytes, expected at most 268435456")
    }

    /// Whether the file system exchanges two names or not.
    @Test(arguments: [true, false]) func earlierOutputsGo(_ canExchange: Bool) throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try directory.earlierOutput()
        try OutputDirectory(
            output, model: directory.url, overwrite: true, exchange: canExchange ? .system : .none
        ).complete { partial in try Data("new".utf8).write(to: partial.appendingPathComponent("file")) }
        #expect(try files.contentsOfDirectory(atPath: output.path) == ["file"])
        #expect(try directory.neighbours == ["model", "out"])
    }

    /// A run killed while it replaced an output leaves none of the name: the next run puts the earlier one back.
    @Test func anOutputThatAKilledRunMovedAside() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try directory.earlierOutput()
        try files.moveItem(at: output, to: directory.parent.appendingPathComponent(".out.old-a1"))
        var notices: [String] = []
        let text = errorText {
            _ = try OutputDirectory(output, model: directory.url, overwrite: false) { notices.append($0) }
        }
        #expect(text.hasSuffix("/out: exists already; give another name, or --overwrite to replace it"), "\(text)")
        #expect(notices == ["renamed .out.old-a1 to \(output.path) again: a killed run had moved it aside"])
        #expect(try directory.neighbours == ["model", "out"])
        #expect(try String(contentsOf: output.appendingPathComponent("marker"), encoding: .utf8) == "old")
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
                directory.refusal(of: output.path, overwrite: true) == refused + found
                    + ", which this tool did not write")
            try files.removeItem(at: added == "a/mine" ? file : output.appendingPathComponent("mine"))
        }
        try files.createDirectory(at: output.appendingPathComponent("a/empty"), withIntermediateDirectories: false)
        #expect(
            directory.refusal(of: output.path, overwrite: true) == refused + "a/empty, which this tool did not write")
        try files.removeItem(at: output.appendingPathComponent("a/empty"))
        // A link to a directory is not one of ours, and what it leads to is not looked at.
        try files.removeItem(at: output.appendingPathComponent("c"))
        try files.createSymbolicLink(atPath: output.path + "/c", withDestinationPath: "a")
        #expect(directory.refusal(of: output.path, overwrite: true) == refused + "c, which this tool did not write")
        try files.removeItem(at: output.appendingPathComponent("c"))
        try OutputDirectory(output, model: directory.url, overwrite: true).complete { try write($0, ["c/new"]) }
        #expect(try OutputDirectory.files(in: output) == ["c/new", OutputDirectory.reportName])
        #expect(try directory.neighbours == ["model", "out"])
    }

    /// Something that appeared meanwhile is not overwritten.
    @Test func whatAppearsMeanwhileStays() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = directory.parent.appendingPathComponent("out")
        let writing = try OutputDirectory(output, model: directory.url, overwrite: false)
        try files.createDirectory(at: output, withIntermediateDirectories: false)
        #expect(throws: ExportError.output(.exists(output: output.path))) { try writing.commit() }
        writing.discard()
        #expect(try directory.neighbours == ["model", "out"])
    }

    @Test func anEarlierOutputOutlivesAFailedCommit() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let output = try directory.earlierOutput()
        let writing = try OutputDirectory(output, model: directory.url, overwrite: true)
        // Without a hidden sibling there is nothing to give the name to.
        try files.removeItem(at: writing.partial)
        let error = #expect(throws: ExportError.self) { try writing.commit() }
        #expect(error.map { "\($0)" }?.hasPrefix("\(writing.partial.path): listing failed: ") == true)
        #expect(files.fileExists(atPath: output.appendingPathComponent("marker").path))
        writing.discard()
        #expect(try directory.neighbours == ["model", "out"])
    }
}
