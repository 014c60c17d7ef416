import AdaDimCheckpoint
import AdaDimFiles
import AdaDimLinearAlgebra
import Foundation
import Testing

/// What lies in a model's directory, and under which names, as a person meets it.
@Suite struct FileTests {
    private let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"

    private func write(_ text: String, _ scratch: Scratch, _ path: String) throws {
        let file = scratch.url.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    @Test func carriedFilesAndWhatIsLeftOut() throws {
        let scratch = try Scratch()
        try write("code", scratch, "model/modeling_x.py")
        try write("template", scratch, "model/chat_templates/tool.jinja")
        try write("weights", scratch, "model/pytorch_model.bin")
        try write("weights", scratch, "model/original/consolidated.00.pth")
        let outcome = try scratch.quantize()
        #expect(outcome.status == 0)
        #expect(
            outcome.errors.contains(
                "/model: not carried over, as weights of their own: original/, pytorch_model.bin\n"),
            "\(outcome.errors)")
        let files = try #require(try scratch.report()["files"] as? [String])
        let expected = [
            "chat_templates/tool.jinja", "config.json", "expected.json", "model.safetensors", "modeling_x.py",
            "quantization-recipe.yaml", "quantization-report.html", "quantization-report.json",
        ]
        #expect(files == expected)
        #expect(try DirectoryTree(scratch.url.path + "/out").files.sorted() == expected)
        // A later run replaces folders, too, and leaves none of the old ones.
        try FileManager.default.removeItem(at: scratch.url.appending(path: "model/chat_templates"))
        #expect(try scratch.quantize("--overwrite").status == 0)
        #expect(try DirectoryTree(scratch.url.path + "/out").directories == [])
        #expect(try scratch.contents == ["model", "out", "text.safetensors"])
    }

    /// Numbers that nothing is computed with go on as they are, and are named.
    @Test func nonFiniteTensorsThatAreCarried() throws {
        let scratch = try Scratch()
        let location = try Checkpoint(directory: scratch.url.appending(path: "model"))
            .location(of: "model.embed_tokens.weight")
        let (rows, columns) = (location.entry.shape[0], location.entry.shape[1])
        let width = location.entry.elementType.bitWidth / 8
        let handle = try FileHandle(forUpdating: URL(filePath: location.file.path))
        // The highest two bytes of an element: a NaN in every float type of 16 or 32 bits.
        for (row, column) in [(rows - 2, 3), (rows - 1, columns - 1)] {
            let offset = location.entry.byteRange.lowerBound + (row * columns + column) * width + width - 2
            try handle.seek(toOffset: UInt64(offset))
            try handle.write(contentsOf: [0xff, 0x7f])
        }
        try handle.close()
        let outcome = try scratch.quantize("--quiet")
        #expect(outcome.status == 0)
        #expect(
            outcome.errors
                == "warning: \(location.file.path): tensor model.embed_tokens.weight holds 2 values that are NaN or infinite, "
                + "the first at [\(rows - 2), 3]; it is carried over as it is\n")
    }

    @Test func tokenizersInOtherForms() throws {
        let scratch = try Scratch()
        try write("some text", scratch, "text.txt")
        let arguments = ["evaluate", "model", "--text", "text.txt"]
        try write("pieces", scratch, "model/tokenizer.model")
        let file = scratch.url.appending(path: "model/tokenizer.json").path
        let other = try scratch.tool.run(arguments)
        #expect(
            other.errors
                == "Error: \(file): not found; there is tokenizer.model, from which transformers makes it: "
                + "AutoTokenizer.from_pretrained(\"<model>\").save_pretrained(\"<model>\")\n")
        for (text, found) in [
            (pointer, "a Git LFS pointer: run git lfs pull"), ("", "an empty file (0 bytes): download it again"),
            ("<!doctype html>", "an HTML page, such as a server answers in place of a file: download it again"),
        ] {
            try write(text, scratch, "model/tokenizer.json")
            #expect(try scratch.tool.run(arguments).errors == "Error: \(file): \(found)\n")
        }
    }

    /// Files that say they have four terabytes, which cost nobody anything: an error with both sizes, and no crash.
    @Test(arguments: ["config.json", "model.safetensors.index.json", "tokenizer.json"])
    func filesThatAreTooLarge(_ name: String) throws {
        let scratch = try Scratch()
        try write("some text", scratch, "text.txt")
        let path = scratch.url.path + "/model/" + name
        if name == "model.safetensors.index.json" {
            try FileManager.default.removeItem(atPath: scratch.url.path + "/model/model.safetensors")
        }
        try write("{", scratch, "model/" + name)
        #expect(truncate(path, 4 << 40) == 0)
        let outcome = try scratch.tool("evaluate", "model", "--text", "text.txt")
        #expect(outcome.status == 1)
        #expect(
            outcome.errors.hasPrefix("Error: \(path): ") && outcome.errors.contains("4398046511104 bytes")
                && outcome.errors.contains(" expected at most "), "\(outcome.errors)")
    }

    /// A slash with an accent behind it is one character to Swift, and still the end of a directory's name.
    @Test func namesThatBeginWithAnAccent() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            at: scratch.url.appending(path: "dir"), withIntermediateDirectories: false)
        let outcome = try scratch.tool.run(
            ["quantize", "model", "dir/\u{301}x", "--calibration", "text.safetensors", "--group-size", "8"]
                + ["--samples", "8", "--sequence-length", "16"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let found = try names(inDirectory: scratch.url.path + "/dir").map { Array($0.utf8) }
        #expect(found == [Array("\u{301}x".utf8)])
    }

    @Test func pointersInPlaceOfTexts() throws {
        let scratch = try Scratch()
        for name in ["pointer.txt", "pointer.safetensors"] {
            try write(pointer, scratch, name)
            let expected = "/\(name): a Git LFS pointer: run git lfs pull\n"
            for arguments in [
                ["evaluate", "model", "--text", name], ["compare", "model", "model", "--text", name],
                ["quantize", "model", "out", "--calibration", name], ["inspect", "model", "--calibration", name],
                ["evaluate", "model", "--multiple-choice", name],
            ] {
                let outcome = try scratch.tool.run(arguments)
                #expect(outcome.status == 1)
                #expect(outcome.errors.hasSuffix(expected), "\(outcome.errors)")
            }
        }
        try write(pointer, scratch, "layer.safetensors")
        #expect(
            try scratch.tool("layer", "layer.safetensors").errors
                == "Error: layer.safetensors: a Git LFS pointer: run git lfs pull\n")
    }

    /// Names that are no UTF-8: found, written and printed as what they are. The shell makes them.
    @Test func namesOfAnyBytes() throws {
        let scratch = try Scratch()
        func byName(_ bytes: [UInt8]) -> String { scratch.url.path + "/" + String(systemBytes: bytes) }
        let (model, output, text) =
            ([0x6d, 0xe9], [0x6f, 0xe8, 0xff], Array("t".utf8) + [0xe9] + Array(".safetensors".utf8))
            as ([UInt8], [UInt8], [UInt8])
        #expect(rename(scratch.url.path + "/model", byName(model).systemBytes) == 0)
        #expect(rename(scratch.url.path + "/text.safetensors", byName(text).systemBytes) == 0)
        try writeFile(Array("f".utf8), to: byName(model) + "/" + String(systemBytes: [0xf0, 0x9f]))
        let variables = "m=$(printf 'm\\351'); o=$(printf 'o\\350\\377'); t=$(printf 't\\351.safetensors'); "
        func run(_ arguments: String, before: String = "") throws -> Tool.Outcome {
            try scratch.tool(
                "--version", redirections: "| cat >/dev/null; \(variables)\(before)exec \"$0\" \(arguments)")
        }
        let options = "--calibration \"$t\" --group-size 8 --samples 8 --sequence-length 16 --threads 1"
        let quantized = try run("quantize \"$m\" \"$o\" \(options)")
        #expect(quantized.status == 0, "\(quantized.errors)")
        #expect(quantized.output.contains(#"Written to o\xE8\xFF"#))
        #expect(quantized.output.hasSuffix("/o%E8%FF/quantization-report.html\n"))
        #expect(try Set(names(inDirectory: scratch.url.path).map(\.pathBytes)) == [model, output, text])
        #expect(
            try readFile(byName(output) + "/" + String(systemBytes: [0xf0, 0x9f]), atMost: 1 << 24) == Array("f".utf8))
        // Once more over it, from inside a directory of such a name.
        let again = try run(
            "quantize \"../$m\" \"../$o\" \(options.replacingOccurrences(of: "$t", with: "../$t")) --overwrite",
            before: "cd \"$m\"; ")
        #expect(again.status == 0, "\(again.errors)")
        let evaluated = try run("evaluate \"$o\" --text \"$t\" --sequence-length 16 --threads 1")
        #expect(evaluated.status == 0 && evaluated.output.hasPrefix("perplexity "), "\(evaluated.errors)")
        let compared = try run("compare \"$m\" \"$o\" --text \"$t\" --sequence-length 16 --threads 1")
        #expect(compared.status == 0, "\(compared.errors)")
        let inspected = try run("inspect \"$m\" --report \"$m/$o\" \(options)")
        #expect(inspected.errors.contains(#"the output is inside the model's directory"#), "\(inspected.errors)")
        let refused = try run("quantize \"$m\" \"$o\" \(options)")
        #expect(
            refused.errors.hasSuffix(
                "/" + #"o\xE8\xFF: exists already; give another name, or --overwrite to replace it"# + "\n"))
        let missing = try run("evaluate \"$m$m\" --text \"$t\"")
        #expect(missing.errors.contains(#"/m\xE9m\xE9: No such file or directory"#), "\(missing.errors)")
        #expect(try names(inDirectory: scratch.url.path).count == 3)
    }
}
