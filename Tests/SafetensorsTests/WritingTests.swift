import AdaDimFiles
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

@Suite("Writing safetensors")
struct WritingTests {
    typealias Planned = (name: String, elementType: TensorElementType, shape: [Int])

    @Test func roundTripInPortions() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path("out.safetensors")
        let planned: [Planned] = [
            ("odd", .unsigned8, [3]), ("with \"quotes\" \\ and \n ü", .float32, [2, 2]), ("none", .bfloat16, [0]),
            ("scalar", .signed64, []),
        ]
        let metadata = ["format": "pt", "π": "\u{1}"]
        let writer = try SafetensorsWriter(
            path: path, headerCapacity: SafetensorsWriter.headerCapacity(for: planned, metadata: metadata),
            metadata: metadata)
        try writer.begin("odd", .unsigned8, shape: [3])
        try writer.append([1, 2] as [UInt8])
        try writer.append([] as [UInt8])
        try writer.append([3] as [UInt8])
        try writer.begin(planned[1].name, .float32, shape: [2, 2])
        for value in [1.5, -2, 3, 4] as [Float] { try writer.append([value]) }
        try writer.begin("none", .bfloat16, shape: [0])
        try writer.begin("scalar", .signed64, shape: [])
        try writer.append([-7] as [Int64])
        try writer.finish()

        let file = try SafetensorsFile(path: path)
        #expect(file.tensors.map(\.name).sorted() == planned.map(\.name).sorted())
        #expect(file.metadata == metadata)
        #expect(file.tensors[0].byteRange.lowerBound.isMultiple(of: 8))
        #expect(try file.withBytes(of: "odd") { [UInt8]($0) } == [1, 2, 3])
        let floats = try file.withBytes(of: planned[1].name) { bytes in
            (0..<4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        #expect(floats == [1.5, -2, 3, 4])
        #expect(file["scalar"]?.shape == [])
        #expect(try file.withBytes(of: "scalar") { $0.loadUnaligned(as: Int64.self) } == -7)
    }

    @Test func filesWithoutTensors() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        for (name, metadata) in [("bare", [:]), ("metadata", ["a": "b"])] {
            let writer = try SafetensorsWriter(
                path: directory.path(name),
                headerCapacity: SafetensorsWriter.headerCapacity(for: [Planned](), metadata: metadata),
                metadata: metadata)
            try writer.finish()
            let file = try SafetensorsFile(path: directory.path(name))
            #expect(file.tensors.isEmpty && file.metadata == metadata)
        }
    }

    @Test func unfinishedFileIsRefused() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let writer = try SafetensorsWriter(path: directory.path("cut"), headerCapacity: 200)
        try writer.begin("a", .unsigned8, shape: [2])
        try writer.append([1, 2] as [UInt8])
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: directory.path("cut")) }
        #expect(error.map { "\($0)" }?.contains("the header is not a JSON object") == true)
        try writer.finish()
        #expect(try SafetensorsFile(path: directory.path("cut")).tensors.count == 1)
    }

    private func problem(_ body: () throws -> Void) -> SafetensorsError.Problem? {
        #expect(throws: SafetensorsError.self) { try body() }?.problem
    }

    @Test func misuseIsRefused() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path("out")
        let writer = try SafetensorsWriter(path: path, headerCapacity: 100)
        #expect(problem { try writer.append([0] as [UInt8]) } == .noTensorBegun)
        try writer.begin("a", .unsigned8, shape: [2])
        #expect(
            problem { try writer.append([0, 0, 0] as [UInt8]) }
                == .wrongByteCount(tensor: "a", found: 3, expected: 2))
        try writer.append([0] as [UInt8])
        let short = SafetensorsError.Problem.wrongByteCount(tensor: "a", found: 1, expected: 2)
        #expect(problem { try writer.begin("b", .unsigned8, shape: [2]) } == short)
        #expect(problem { try writer.finish() } == short)
        try writer.append([0] as [UInt8])
        #expect(problem { try writer.begin("a", .unsigned8, shape: [2]) } == .alreadyWritten(tensor: "a"))
        #expect(
            problem { try writer.begin("n", .unsigned8, shape: [-2]) } == .negativeSize(tensor: "n", shape: [-2]))
        let outgrown = problem { try writer.begin("b", .unsigned8, shape: [2]) }
        guard case .headerOutgrewReservation(let bytes, 104) = outgrown else {
            Issue.record("\(String(describing: outgrown))")
            return
        }
        #expect(bytes > 104)
        #expect(
            problem { _ = try SafetensorsWriter(path: path, headerCapacity: 100) }
                == .unwritable(operation: "creating the file", reason: "File exists"))
    }

    /// /dev/full takes nothing, like a full disk.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func fullDiskIsAnError() throws {
        let error = #expect(throws: FileFailure.self) {
            let output = OutputFile(path: "/dev/full", descriptor: open("/dev/full", O_WRONLY))
            try output.append([1] as [UInt8])
        }
        #expect(error.map { "\($0)" } == "/dev/full: writing failed: No space left on device")
    }
}
