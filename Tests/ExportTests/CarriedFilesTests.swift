import AdaDimCheckpoint
import AdaDimExport
import AdaDimFiles
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// Everything beside the weights comes along, or is named.
@Suite("Files carried along")
struct CarriedFilesTests {
    private let files = FileManager.default

    private func write(_ directory: ModelDirectory, _ paths: String...) throws {
        for path in paths {
            let file = directory.url.appendingPathComponent(path)
            try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try directory.write("text of \(path)", path)
        }
    }

    private func link(_ directory: ModelDirectory, _ path: String, to target: String) throws {
        try files.createSymbolicLink(
            atPath: directory.url.appendingPathComponent(path).path, withDestinationPath: target)
    }

    /// What an export of the directory writes, by paths, and what it says; the model's own files left out.
    private func exported(_ directory: ModelDirectory) throws -> (files: [String], notices: [String]) {
        if !files.fileExists(atPath: directory.url.appendingPathComponent("model.safetensors").path) {
            try directory.write([TestTensor("x", .float32, [1], [1])])
        }
        let output = directory.parent.appendingPathComponent("out")
        try? files.removeItem(at: output)
        try files.createDirectory(at: output, withIntermediateDirectories: false)
        let writer = try CheckpointWriter(Checkpoint(directory: directory.url), format: .dequantized, to: output)
        try writer.finish()
        let written = try OutputDirectory.files(in: output).filter {
            !["config.json", "model.safetensors"].contains($0)
        }
        for path in written where !path.contains("linked") && path != "modules.json" {
            #expect(try readFile(output.path + "/" + path, atMost: 1 << 24) == Array("text of \(path)".utf8), "\(path)")
        }
        return (written, writer.notices.map { $0.replacingOccurrences(of: directory.url.path, with: "MODEL") })
    }

    @Test func whateverIsNoWeightIsCarried() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let carried = [
            "COPYING", "LICENSE", "README.md", "USE_POLICY.md", "added_tokens.json",
            "additional_chat_templates/tool.jinja",
            "chat_template.jinja", "configuration_x.py", "generation_config.json", "merges.txt", "modeling_x.py",
            "parts/attention.py", "parts/deep/kernels.cu", "preprocessor_config.json", "qwen.tiktoken",
            "sentencepiece.bpe.model", "tokenizer.json", "tokenizer.model", "vocab",
        ]
        for path in carried { try write(directory, path) }
        try write(
            directory, ".gitattributes", ".gitignore", ".git/config", ".cache/x/y", ".DS_Store", "parts/.DS_Store",
            "__pycache__/modeling_x.cpython-312.pyc", "parts/__pycache__/x.pyc", "quantization-report.json",
            "quantization-report.html")
        let found = try exported(directory)
        #expect(found.files == carried.sorted())
        #expect(found.notices == [])
    }

    /// Hidden files stay behind, but not in silence.
    @Test func hiddenFilesAreNamed() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try write(
            directory, ".env", ".eval_results/x.yaml", ".gitmodules", "parts/.hidden", "parts/seen", ".model.gguf",
            ".\u{301}x")
        let found = try exported(directory)
        #expect(found.files == ["parts/seen"])
        #expect(
            found.notices == [
                "MODEL: not carried over: .env (hidden), .eval_results/ (hidden), .gitmodules (hidden), .model.gguf (hidden), "
                    + ".\u{301}x (hidden), parts/.hidden (hidden)"
            ])
    }

    /// A list of modules that says it has four terabytes is none.
    @Test func modulesThatAreTooLarge() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try write(directory, "modules.json", "2_Dense/model.safetensors")
        #expect(truncate(directory.url.appendingPathComponent("modules.json").path, 4 << 40) == 0)
        let found = try exported(directory)
        #expect(found.files == [])
        #expect(
            found.notices == [
                "MODEL: not carried over, as weights of their own: 2_Dense/",
                "MODEL: not carried over: modules.json (more than 256 MB)",
            ])
    }

    @Test func otherWeightsAreNamed() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try write(
            directory, "pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json", "model.gguf", "tf_model.h5",
            "flax_model.msgpack", "consolidated.00.pth", "rust_model.ot", "other.safetensors", "model.onnx_data",
            "x.txt",
            "original/params.json", "original/consolidated.00.pth", "onnx/deep/model.onnx", "onnx/config.json",
            "model.safetensors.index.json")
        let found = try exported(directory)
        #expect(found.files == ["x.txt"])
        #expect(
            found.notices == [
                "MODEL: not carried over, as weights of their own: consolidated.00.pth, flax_model.msgpack, model.gguf, "
                    + "model.onnx_data, model.safetensors.index.json, onnx/, original/, other.safetensors, "
                    + "pytorch_model-00001-of-00002.bin, pytorch_model.bin.index.json, rust_model.ot, tf_model.h5"
            ])
    }

    /// Folders that modules.json names come whole: their weights are no other version of the model's.
    @Test func modulesOfEmbeddingModels() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try write(
            directory, "1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors",
            "3/model.safetensors")
        let modules = #"[{"path": ""}, {"path": "1_Pooling"}, {"path": "./2_Dense/"}, {"path": "../3"}]"#
        try directory.write(modules, "linked-modules")
        try link(directory, "modules.json", to: "linked-modules")
        let found = try exported(directory)
        // The list itself, by both of its names.
        #expect(
            found.files.filter { $0 != "modules.json" }
                == ["1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors", "linked-modules"])
        #expect(found.notices == ["MODEL: not carried over, as weights of their own: 3/"])
    }

    /// Links are followed, as a cache of blobs needs it, and never for ever.
    @Test func linksAndWhatIsNoFile() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let blobs = directory.parent.appendingPathComponent("blobs")
        try files.createDirectory(at: blobs.appendingPathComponent("folder"), withIntermediateDirectories: true)
        for name in ["blob", "folder/inside"] { try Data("blob".utf8).write(to: blobs.appendingPathComponent(name)) }
        try link(directory, "linked", to: "../blobs/blob")
        try link(directory, "linked-folder", to: "../blobs/folder")
        try link(directory, "nowhere", to: "../blobs/none")
        try link(directory, "itself", to: "itself")
        try link(directory, "here", to: ".")
        try write(directory, "folder/file")
        try link(directory, "folder/up", to: "..")
        mkfifo(directory.url.appendingPathComponent("pipe").path, 0o666)
        let found = try exported(directory)
        #expect(found.files == ["folder/file", "linked", "linked-folder/inside"])
        #expect(
            found.notices == [
                "MODEL: not carried over: folder/up (a link back to a directory that contains it), "
                    + "here (a link back to a directory that contains it), "
                    + "itself (a link that leads nowhere: Too many levels of symbolic links), "
                    + "nowhere (a link that leads nowhere: No such file or directory), pipe (a pipe)"
            ])
    }

    @Test func pointersAreCarriedAndNamed() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try directory.write("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "linked.model")
        let found = try exported(directory)
        #expect(found.files == ["linked.model"])
        #expect(
            found.notices == ["MODEL/linked.model: a Git LFS pointer: run git lfs pull; it is carried over as it is"])
    }

    @Test func largeFoldersAreNamed() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        for index in 0...CarriedFiles.mostFolderEntries { try write(directory, "many/\(index)") }
        for name in ["large", "folder/large"] {
            try write(directory, name)
            truncate(directory.url.appendingPathComponent(name).path, off_t(CarriedFiles.mostFolderBytes + 1))
        }
        let found = try exported(directory)
        #expect(found.files == [])
        #expect(
            found.notices == [
                "MODEL: not carried over: folder/ (more than 256 MB), large (more than 256 MB), "
                    + "many/ (more than 1000 files)"
            ])
        unlink(directory.url.appendingPathComponent("many/0").path)
        #expect(try exported(directory).files.count == CarriedFiles.mostFolderEntries)
    }

    /// A directory may not take the name of a file that the output has.
    @Test func namesOfTheOutputsOwn() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try write(directory, "quantization-report.json/x")
        let found = try exported(directory)
        #expect(found.files == [])
        #expect(
            found.notices == [
                "MODEL: not carried over: quantization-report.json (a directory with a name of the output's)"
            ])
    }
}
