import AdaDimCheckpoint
import AdaDimExport
import AdaDimLinearAlgebra
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// NaN and infinity in tensors that are only carried over are counted and placed, in every type that has them.
@Suite struct NonFiniteTests {
    private func notices(_ tensors: [TestTensor]) throws -> [String] {
        let directory = try ModelDirectory()
        defer { directory.remove() }
        try directory.write(tensors)
        let output = directory.parent.appendingPathComponent("out")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
        let checkpoint = try Checkpoint(directory: directory.url)
        let notices = try CheckpointWriter(checkpoint, format: .dequantized, to: output).finish()
        let (a, b) = (checkpoint, try Checkpoint(directory: output))
        for name in a.tensorNames {
            let (from, to) = (try a.location(of: name), try b.location(of: name))
            #expect(
                from.file.withBytes(of: from.entry) { [UInt8]($0) } == to.file.withBytes(of: to.entry) { [UInt8]($0) })
        }
        return notices.map { $0.replacingOccurrences(of: directory.url.path + "/model.safetensors: tensor ", with: "") }
    }

    private func one(_ name: String, _ index: String) -> String {
        "\(name) holds a value that is NaN or infinite, at \(index); it is carried over as it is"
    }

    @Test func everyTypeThatHoldsThem() throws {
        var tensors = StoredFloat.allCases.flatMap { type in
            [Float.nan, .infinity, -.infinity].map {
                TestTensor("\(type.elementType.rawValue) \($0)", type, [2, 3], [1, -2, 3, 4, $0, 6])
            }
        }
        tensors += [Double.nan, .infinity].map { TestTensor("F64 \($0)", doubles: [1, 2, 3, 4, $0, 6], [2, 3]) }
        tensors += [UInt8(0x7c), 0xff].map {
            TestTensor("E5M2 \($0)", .float8E5M2, [2, 3], bytes: [1, 2, 3, 4, $0, 0x7b])
        }
        tensors += [UInt8(0x7f), 0xff].map {
            TestTensor("E4M3 \($0)", .float8E4M3, [2, 3], bytes: [1, 2, 3, 4, $0, 0x7e])
        }
        let expected = tensors.map { one($0.name, "[1, 1]") }
        // An odd byte in front, so that none lies aligned; whole numbers hold none.
        let others = [
            TestTensor("odd", .unsigned8, [1], bytes: [0xff]),
            TestTensor("I32", .signed32, [1], bytes: [255, 255, 255, 255]),
            TestTensor("largest", .float32, [2], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude]),
        ]
        #expect(try notices(others + tensors).sorted() == expected.sorted())
    }

    /// Across the pieces in which tensors are copied, and the first of all of them.
    @Test func theFirstOfMany() throws {
        var values = [Float](repeating: 1, count: 3 * (1 << 20))
        values[(2 << 20) + 5] = .nan
        values[values.count - 1] = .infinity
        let tensor = TestTensor("w", .float32, [3, 1 << 20], values)
        #expect(
            try notices([tensor])
                == ["w holds 2 values that are NaN or infinite, the first at [2, 5]; it is carried over as it is"])
    }
}
