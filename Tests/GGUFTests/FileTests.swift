import AdaDimGGUF
import AdaDimTestSupport
import Foundation
import Testing

/// Files of llama.cpp's own package, and files of ours.
@Suite("GGUF files")
struct FileTests {
    static let golden = Bundle.module.url(forResource: "all-values", withExtension: "gguf", subdirectory: "Goldens")

    @Test func everyTypeOfMetadata() throws {
        let file = try GGUFFile(path: try #require(Self.golden).path)
        let expected: [(String, GGUFValue)] = [
            ("general.architecture", .string("llama")),
            ("a.u8", .unsigned8(250)), ("a.i8", .signed8(-100)), ("a.u16", .unsigned16(65000)),
            ("a.i16", .signed16(-30000)), ("a.u32", .unsigned32(4_000_000_000)), ("a.i32", .signed32(-2_000_000_000)),
            ("a.f32", .float32(0.1)), ("a.bool", .boolean(true)), ("a.string", .string("größe")),
            ("a.u64", .unsigned64(1 << 63)), ("a.i64", .signed64(.min)), ("a.f64", .float64(0.1)),
            ("b.strings", .array(.string(["a", "", "ü"]))), ("b.bools", .array(.boolean([true, false]))),
            ("b.u8", .array(.unsigned8([1, 255]))), ("b.i8", .array(.signed8([-1, 1]))),
            ("b.u16", .array(.unsigned16([1, 65535]))), ("b.i16", .array(.signed16([-1, 1]))),
            ("b.u32", .array(.unsigned32([1, 2]))), ("b.i32", .array(.signed32([-1, 2]))),
            ("b.f32", .array(.float32([0.5, -1.5]))), ("b.u64", .array(.unsigned64([1, 2]))),
            ("b.i64", .array(.signed64([-1, 2]))), ("b.f64", .array(.float64([0.5, -1.5]))),
        ]
        #expect(file.header.metadata.map(\.key) == expected.map(\.0))
        for (key, value) in expected { #expect(file.header[key] == value, "\(key)") }
        #expect(file.header["a.u7"] == nil)
        #expect(file.tensors.map(\.name) == ["one", "two", "blocks", "deep"])
        #expect(file.tensors.map(\.type) == [.float32, .float16, .q80, .signed32])
        #expect(file.tensors.map(\.shape) == [[3], [2, 3], [2, 32], [2, 3, 4]])
        let blocks = try #require(file["blocks"])
        #expect(file.withBytes(of: blocks) { Array($0) } == (0..<68).map { UInt8($0) })
        let deep = try #require(file["deep"])
        #expect(file.withBytes(of: deep) { $0.loadUnaligned(fromByteOffset: 23 * 4, as: Int32.self) } == 23)
        file.releasePages(of: deep, bytes: 0..<96)
    }

    /// What is written is read as it was, in the order in which it came.
    @Test func writtenFilesAreRead() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let golden = try GGUFFile(path: try #require(Self.golden).path)
        let path = directory.path("copy.gguf")
        let writer = try GGUFWriter(
            path: path, metadata: golden.header.metadata,
            tensors: golden.tensors.map { GGUFWriter.Plan($0.name, $0.shape) })
        for tensor in golden.tensors.reversed() {
            try writer.begin(tensor.name, tensor.type, shape: tensor.shape)
            // In two portions.
            for half in [0, 1] {
                try golden.withBytes(of: tensor) { bytes in
                    let middle = bytes.count / 3
                    try writer.append(
                        UnsafeRawBufferPointer(rebasing: half == 0 ? bytes[..<middle] : bytes[middle...]))
                }
            }
        }
        try writer.finish(setting: [("a.u8", .unsigned8(7))])
        let copy = try GGUFFile(path: path)
        #expect(copy.header.metadata.map(\.key) == golden.header.metadata.map(\.key))
        for (key, value) in golden.header.metadata where key != "a.u8" { #expect(copy.header[key] == value) }
        #expect(copy.header["a.u8"] == .unsigned8(7))
        #expect(copy.tensors.map(\.name) == ["deep", "blocks", "two", "one"])
        for tensor in golden.tensors {
            let found = try #require(copy[tensor.name])
            #expect(found.shape == tensor.shape && found.type == tensor.type)
            #expect(copy.withBytes(of: found) { Array($0) } == golden.withBytes(of: tensor) { Array($0) })
            #expect(found.byteRange.lowerBound % 32 == 0)
        }
    }

    @Test func writersRefuseWhatWasNotPlanned() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path("file.gguf")
        let writer = try GGUFWriter(
            path: path, metadata: [("a", .string("short"))],
            tensors: [GGUFWriter.Plan("one", [2, 32]), GGUFWriter.Plan("two", [3])])
        func text(_ body: () throws -> Void) -> String {
            errorText(body).replacingOccurrences(of: path + ": ", with: "")
        }
        #expect(text { try writer.append([0]) } == "bytes appended, but no tensor was begun")
        #expect(text { try writer.begin("three", .float32, shape: [2]) } == "tensor three was not planned")
        #expect(
            text { try writer.begin("one", .float32, shape: [32, 2]) }
                == "tensor one: shape [32, 2], planned was [2, 32]")
        #expect(
            text { try writer.begin("two", .q80, shape: [3]) }
                == "tensor two: rows of 3 numbers of Q8_0, expected a multiple of 32")
        try writer.begin("one", .q40, shape: [2, 32])
        try writer.append([UInt8](repeating: 0, count: 35))
        #expect(
            text { try writer.append([0, 0]) }
                == "tensor one: 37 bytes of data, expected 36 by its shape and type")
        #expect(text { try writer.finish() } == "tensor one: 35 bytes of data, expected 36 by its shape and type")
        try writer.append([0])
        #expect(text { try writer.begin("one", .q40, shape: [2, 32]) } == "tensor one is already written")
        #expect(
            text {
                try writer.finish(setting: [("a", .string("longer"))])
            } == "tensor two was planned, but not written")
        #expect(
            text {
                _ = try GGUFWriter(
                    path: directory.path("b"), metadata: [],
                    tensors: [GGUFWriter.Plan("a", [1]), GGUFWriter.Plan("a", [1])])
            } == "\(directory.path("b")): the tensor a is there twice, expected once")
    }
}

extension GGUFWriter {
    func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in Result { () throws(GGUFError) in try append(bytes) } }.get()
    }
}
