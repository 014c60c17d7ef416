import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// What lies in the place of a model's files is named, and what is expected instead.
@Suite("Directories that hold something else")
struct StandInTests {
    private static let pointer = """
        version https://git-lfs.github.com/spec/v1
        oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
        size 12345

        """

    private func error(_ prepare: (ModelDirectory) throws -> Void) throws -> String {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try prepare(directory)
        return directory.error().replacingOccurrences(of: directory.url.path, with: "MODEL")
    }

    @Test(arguments: ["config.json", "model.safetensors", "model.safetensors.index.json", "shard.safetensors"])
    func pointersPagesAndNothing(_ name: String) throws {
        func error(_ text: String) throws -> String {
            try self.error { directory in
                if name.hasPrefix("shard") { try directory.writeIndex(["x": name]) }
                try directory.write(text, name)
            }
        }
        #expect(try error(Self.pointer) == "MODEL/\(name): a Git LFS pointer: run git lfs pull")
        #expect(try error("") == "MODEL/\(name): an empty file (0 bytes): download it again")
        #expect(
            try error("<html>\n<head><title>401</title>")
                == "MODEL/\(name): an HTML page, such as a server answers in place of a file: download it again")
    }

    @Test(arguments: [
        ("pytorch_model.bin", "which transformers converts: AutoModelForCausalLM.from_pretrained("),
        ("pytorch_model-00001-of-00002.bin", "which transformers converts: "),
        ("model-q4.gguf", "a GGUF file: take the model's .safetensors files, or have transformers convert it"),
        ("consolidated.00.pth", "weights in the format of the model's makers: take the version for transformers"),
        ("consolidated.safetensors", "weights in the format of the model's makers"),
        ("weights.safetensors", "of another name: if one file holds all tensors, rename it to model.safetensors"),
        ("model-00001-of-00002.safetensors", "shards without their index model.safetensors.index.json"),
        ("adapter_model.safetensors", "an adapter: merge it into its model"),
        ("tf_model.h5", "weights in another format: take the model's .safetensors files"),
    ])
    func otherWeights(_ name: String, _ advice: String) throws {
        let found = "neither model.safetensors nor model.safetensors.index.json found; there is \(name), "
        #expect(try error { try $0.write("x", name) }.hasPrefix("MODEL: " + found + advice))
        let two = try error {
            try $0.write("x", name)
            try $0.write("x", "a" + name)
        }
        #expect(!two.contains("a" + name + " and 1 more, ") || two.contains(advice))
        // Without config.json, too, as GGUF files come.
        let bare = try error {
            try FileManager.default.removeItem(at: $0.url.appendingPathComponent("config.json"))
            try $0.write("x", name)
        }
        #expect(
            bare.hasPrefix("MODEL/config.json: cannot be read: No such file or directory; there is \(name), \(advice)"))
    }

    /// A cache of links whose blobs are not there.
    @Test func linksThatLeadNowhere() throws {
        for name in ["model.safetensors", "model.safetensors.index.json"] {
            let text = try error {
                try FileManager.default.createSymbolicLink(
                    atPath: $0.url.appendingPathComponent(name).path, withDestinationPath: "../blobs/none")
            }
            #expect(text.hasSuffix("there is \(name), which is no file, or a link that leads nowhere"), "\(text)")
        }
        let config = try error {
            try $0.write([TestTensor("x", .float32, [1], [1])])
            try FileManager.default.removeItem(at: $0.url.appendingPathComponent("config.json"))
        }
        #expect(config == "MODEL/config.json: cannot be read: No such file or directory")
    }

    @Test func filesGivenAsModels() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try directory.write([TestTensor("x", .float32, [1], [1])])
        try directory.write("GGUF\u{3}", "x.gguf")
        mkfifo(directory.url.appendingPathComponent("pipe").path, 0o666)
        func error(_ name: String) -> String {
            errorText { _ = try Checkpoint(directory: directory.url.appendingPathComponent(name)) }
                .replacingOccurrences(of: directory.url.path, with: "MODEL")
        }
        let expected = ", expected a directory with config.json and .safetensors files"
        #expect(error("model.safetensors") == "MODEL/model.safetensors: a file; its directory is the model" + expected)
        #expect(error("x.gguf").hasPrefix("MODEL/x.gguf: a GGUF file: take the model's .safetensors files"))
        #expect(error("pipe") == "MODEL/pipe: a pipe" + expected)
        #expect(error("none") == "MODEL/none: No such file or directory" + expected)
    }

    /// The system's reason, whatever it is.
    @Test func configsThatCannotBeRead() throws {
        func error(_ prepare: (String) throws -> Void) throws -> String {
            try self.error { directory in
                let path = directory.url.appendingPathComponent("config.json").path
                try FileManager.default.removeItem(atPath: path)
                try prepare(path)
            }
        }
        let prefix = "MODEL/config.json: cannot be read: "
        #expect(
            try error { try FileManager.default.createDirectory(atPath: $0, withIntermediateDirectories: false) }
                == prefix + "Is a directory")
        #expect(try error { mkfifo($0, 0o666) } == prefix + "a pipe, expected a file")
        #expect(
            try error { try FileManager.default.createSymbolicLink(atPath: $0, withDestinationPath: "/proc/self/mem") }
                == prefix + "Input/output error")
        #expect(
            try error { try FileManager.default.createSymbolicLink(atPath: $0, withDestinationPath: "config.json") }
                == prefix + "Too many levels of symbolic links")
    }
}
