import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

@Suite("Reading a model directory")
struct CheckpointTests {
    /// Values that bf16 holds exactly, different in neighbouring places.
    private func values(_ count: Int) -> [Float] { (0..<count).map { Float($0 % 251) - 125 } }

    /// Sizes around the tile of 32 × 64.
    @Test(arguments: [(1, 1), (1, 70), (31, 64), (32, 65), (33, 63), (70, 1), (65, 130)])
    func matricesAreWidenedAndTransposed(_ rows: Int, _ columns: Int) throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        let expected = values(rows * columns)
        // The odd tensor in front leaves the others unaligned.
        try directory.write(
            [TestTensor("odd", .unsigned8, [1], bytes: [7])]
                + StoredFloat.allCases.map { TestTensor("\($0)", $0, [rows, columns], expected) })
        let checkpoint = try Checkpoint(directory: directory.url)
        for type in StoredFloat.allCases {
            let matrix = try checkpoint.matrix("\(type)", shape: (rows, columns))
            #expect(matrix == Matrix(rowMajor: expected, rows: rows, columns: columns))
            let panel = try checkpoint.rowPanel(of: "\(type)", rows: rows / 2..<rows)
            #expect(
                panel
                    == Matrix(
                        columnMajor: Array(expected[(rows / 2 * columns)...]), rows: columns, columns: rows - rows / 2))
            let ids = [0, Int32(rows - 1), 0]
            let gathered = try checkpoint.rows(of: "\(type)", ids: ids)
            #expect(
                gathered
                    == Matrix(
                        columnMajor: ids.flatMap { expected[Int($0) * columns..<(Int($0) + 1) * columns] },
                        rows: columns, columns: 3))
        }
        checkpoint.release(checkpoint.tensorNames + ["none"])
        #expect(try checkpoint.matrix("float16")[rows - 1, columns - 1] == expected[rows * columns - 1])
    }

    @Test func vectorsAndWrongShapes() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try directory.write([
            TestTensor("v", .float16, [3], [1, -2, 0.5]), TestTensor("m", .bfloat16, [2, 3], values(6)),
            TestTensor("i", .signed32, [1, 1], bytes: [0, 0, 0, 0]),
        ])
        let file = directory.url.appendingPathComponent("model.safetensors").path
        let checkpoint = try Checkpoint(directory: directory.url)
        #expect(checkpoint.tensorNames == ["i", "m", "v"] && checkpoint.contains("v"))
        #expect(try checkpoint.vector("v", count: 3) == [1, -2, 0.5])
        #expect(directory.error { _ = try $0.vector("v", count: 4) } == "\(file): tensor v has shape [3], expected [4]")
        #expect(
            directory.error { _ = try $0.matrix("m", shape: (3, 2)) }
                == "\(file): tensor m has shape [2, 3], expected [3, 2]")
        #expect(
            directory.error { _ = try $0.matrix("v") } == "\(file): tensor v has shape [3], expected two dimensions")
        #expect(
            directory.error { _ = try $0.matrix("i") }
                == "\(file): tensor i holds I32, expected BF16, F16, F32")
        #expect(
            directory.error { _ = try $0.matrix("none") } == "\(directory.url.path): no tensor none in the weights")
        #expect(
            directory.error { _ = try $0.rows(of: "m", ids: [0, 2]) }
                == "\(file): tensor m has 2 rows, row 2 was requested")
        #expect(
            directory.error { _ = try $0.rows(of: "m", ids: [-1]) }
                == "\(file): tensor m has 2 rows, row -1 was requested")
        #expect(
            directory.error { _ = try $0.rowPanel(of: "m", rows: 1..<4) }
                == "\(file): tensor m has 2 rows, row 3 was requested")
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func notFiniteIsNamed(_ bad: Float) throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        var weights = values(40 * 70)
        weights[33 * 70 + 65] = bad
        try directory.write([TestTensor("w", .bfloat16, [40, 70], weights), TestTensor("v", .float32, [2], [0, bad])])
        let file = directory.url.appendingPathComponent("model.safetensors").path
        let text = "\(file): tensor w holds \(bad) at [33, 65], expected finite weights"
        #expect(directory.error { _ = try $0.matrix("w") } == text)
        #expect(directory.error { _ = try $0.rows(of: "w", ids: [2, 33]) } == text)
        #expect(directory.error { _ = try $0.rowPanel(of: "w", rows: 30..<40) } == text)
        #expect(
            directory.error { _ = try $0.vector("v", count: 2) }
                == "\(file): tensor v holds \(bad) at [1], expected finite weights")
        // Rows that are not requested are not checked.
        #expect(try Checkpoint(directory: directory.url).rowPanel(of: "w", rows: 0..<33).columns == 33)
    }

    @Test func shards() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try directory.write([TestTensor("a", .float32, [1, 2], [1, 2])], "one.safetensors")
        try directory.write([TestTensor("b", .float32, [1, 2], [3, 4])], "two.safetensors")
        try directory.writeIndex(["a": "one.safetensors", "b": "two.safetensors"])
        let checkpoint = try Checkpoint(directory: directory.url)
        #expect(
            checkpoint.files.map { ($0.path as NSString).lastPathComponent } == ["one.safetensors", "two.safetensors"])
        #expect(try checkpoint.matrix("b").columnMajorElements == [3, 4])

        let index = directory.url.appendingPathComponent("model.safetensors.index.json").path
        func path(_ name: String) -> String { directory.url.appendingPathComponent(name).path }
        try directory.writeIndex(["a": "one.safetensors", "b": "three.safetensors"])
        #expect(directory.error() == "\(path("three.safetensors")): cannot be read: No such file or directory")
        for outside in [
            "../one.safetensors", "../\u{301}one.safetensors", "/\u{301}one.safetensors", "x/../one.safetensors",
            path("one.safetensors"), "one.bin", "a\0.safetensors",
        ] {
            try directory.writeIndex(["a": outside])
            #expect(
                directory.error()
                    == "\(index): shard \"\(outside)\" is not a .safetensors file inside the model's directory")
        }
        try directory.writeIndex([:])
        #expect(directory.error() == "\(index): weight_map is empty, expected a shard's name for every tensor")
        try directory.write("{\"weight_map\": {\"a\": 1}}", "model.safetensors.index.json")
        #expect(directory.error() == "\(index): weight_map.a is 1, expected a shard's file name")
        try directory.write("{}", "model.safetensors.index.json")
        #expect(
            directory.error() == "\(index): weight_map is missing, expected an object of shard names by tensor names")
    }

    @Test func directoriesThatAreNoModels() throws {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        #expect(
            directory.error()
                == "\(directory.url.path): neither model.safetensors nor model.safetensors.index.json found")
        try FileManager.default.removeItem(at: directory.url.appendingPathComponent("config.json"))
        #expect(directory.error() == "\(directory.url.path)/config.json: cannot be read: No such file or directory")
        try FileManager.default.removeItem(at: directory.url)
        let expected = ", expected a directory with config.json and .safetensors files"
        #expect(directory.error() == "\(directory.url.path): No such file or directory" + expected)
        try Data("text".utf8).write(to: directory.url)
        #expect(directory.error() == "\(directory.url.path): a file, not a directory" + expected)
    }
}
