import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// An index and its shards that do not agree: what transformers 5.23 loads, which finds tensors by the shards' headers
/// and lets the last shard by name count (run on each of these cases).
@Suite("Shards and their index")
struct ShardTests {
    /// Two shards, a with tensor x and b with y; each value is 1.
    private func model(
        _ shards: [String: [String: Float]] = ["a.safetensors": ["x": 1], "b.safetensors": ["y": 1]],
        index: [String: String]
    ) throws -> ModelDirectory {
        let directory = try ModelDirectory()
        for (name, tensors) in shards {
            let file = directory.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try writeSafetensors(
                tensors.sorted { $0.key < $1.key }.map { TestTensor($0.key, .float32, [1], [$0.value]) }, to: file.path)
        }
        try directory.writeIndex(index)
        return directory
    }

    private func values(_ directory: ModelDirectory) throws -> (values: [String: Float], notices: [String]) {
        let checkpoint = try Checkpoint(directory: directory.url)
        var values: [String: Float] = [:]
        for name in checkpoint.tensorNames { values[name] = try checkpoint.vector(name, count: 1)[0] }
        return (
            values, checkpoint.notices.map { $0.replacingOccurrences(of: directory.url.path + "/", with: "") }
        )
    }

    private let index = "model.safetensors.index.json: "

    @Test func aTensorThatTheIndexDoesNotList() throws {
        let directory = try model(index: ["y": "b.safetensors", "z": "a.safetensors"])
        defer { directory.remove() }
        let found = try values(directory)
        #expect(found.values == ["x": 1, "y": 1])
        #expect(
            found.notices == [
                index + "x in a.safetensors: in the files, but not listed; read all the same",
                index + "z expected in a.safetensors: listed, but in none of the files; passed over",
            ])
        #expect(
            directory.error { _ = try $0.vector("z", count: 1) } == "\(directory.url.path): no tensor z in the weights")
    }

    @Test func aTensorInAnotherShardThanTheIndexSays() throws {
        let directory = try model(index: ["x": "b.safetensors", "y": "a.safetensors"])
        defer { directory.remove() }
        let found = try values(directory)
        #expect(found.values == ["x": 1, "y": 1])
        #expect(
            found.notices == [
                index + "x in a.safetensors instead of b.safetensors and 1 more: in another file than listed; "
                    + "read there"
            ])
    }

    /// Whatever the index says, in the order of bytes, not of letters.
    @Test(arguments: ["a.safetensors", "b.safetensors", "B.safetensors"])
    func aTensorInTwoShards(_ listed: String) throws {
        let directory = try model(
            ["a.safetensors": ["x": 1], "b.safetensors": ["x": 2, "y": 1], "B.safetensors": ["x": 3]],
            index: ["x": listed, "y": "b.safetensors", "u": "a.safetensors", "v": "B.safetensors"])
        defer { directory.remove() }
        let found = try values(directory)
        #expect(found.values == ["x": 2, "y": 1])
        #expect(
            found.notices.first
                == index + "x of b.safetensors: in more than one file; the last file by name counts, as in transformers"
        )
    }

    /// As Python reads it: of a tensor's files the last one counts, which is said where an earlier one was another.
    @Test func keysThatStandTwiceInTheIndex() throws {
        let directory = try model(index: [:])
        defer { directory.remove() }
        let name = "model.safetensors.index.json"
        try directory.write(
            #"{"weight_map": {"x": "a.safetensors", "y": "none.safetensors", "y": "b.safetensors"}}"#, name)
        let found = try values(directory)
        #expect(found.values == ["x": 1, "y": 1])
        #expect(
            found.notices == [
                index + #"line 1 has "y" once more, with another value; the last value of a key counts, as in Python"#
            ])
        try directory.write(
            #"{"weight_map": {"x": "a.safetensors", "y": "b.safetensors", "y": "b.safetensors"}, "a": NaN}"#, name)
        #expect(try values(directory).notices == [])
    }

    @Test(arguments: [
        ("{\"weight_map\": {\"x\": \"a\"\n \"y\": \"b\"}}", "line 2, column 2: found '\"', expected ',' or '}'"),
        ("{\"weight_map\": {}, \"a\": -NaN}", "line 1, column 26: found 'N', expected a digit"),
        (
            String(repeating: "[", count: 100_000),
            "line 1, column 513: nested deeper than 512 levels, expected fewer"
        ),
    ])
    func whereTheIndexIsNotJSON(_ text: String, _ reason: String) throws {
        let directory = try model(index: [:])
        defer { directory.remove() }
        try directory.write(text, "model.safetensors.index.json")
        let found = errorText { _ = try Checkpoint(directory: directory.url) }
        #expect(found.hasSuffix(index + "not a JSON object as expected: " + reason), "\(found)")
    }

    @Test func shardsInSubfolders() throws {
        let directory = try model(
            ["sub/a.safetensors": ["x": 1], "sub/deep/b.safetensors": ["y": 2]],
            index: ["x": "./sub/a.safetensors", "y": "sub//deep/b.safetensors"])
        defer { directory.remove() }
        let found = try values(directory)
        #expect(found.values == ["x": 1, "y": 2] && found.notices.isEmpty)
        let checkpoint = try Checkpoint(directory: directory.url)
        #expect(checkpoint.files.map(checkpoint.name) == ["sub/a.safetensors", "sub/deep/b.safetensors"])
    }
}
