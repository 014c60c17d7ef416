import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

@Suite("Reading safetensors")
struct ReadingTests {
    private static let header = """
        {"__metadata__":{"format":"pt"},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},\
        "a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"empty":{"dtype":"BF16","shape":[0,4],"data_offsets":[8,8]}}
        """

    @Test func entriesMetadataAndBytes() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let bytes = safetensorsBytes(header: Self.header, dataBytes: 11)
        let file = try SafetensorsFile(path: try directory.write(bytes))
        let start = bytes.count - 11
        #expect(
            file.tensors == [
                TensorEntry(name: "a", elementType: .float32, shape: [2, 1], byteRange: start..<start + 8),
                TensorEntry(name: "empty", elementType: .bfloat16, shape: [0, 4], byteRange: start + 8..<start + 8),
                TensorEntry(name: "b", elementType: .unsigned8, shape: [3], byteRange: start + 8..<start + 11),
            ])
        #expect(file.metadata == ["format": "pt"])
        #expect(try file.withBytes(of: "b") { [UInt8]($0) } == [8, 9, 10])
        #expect(try file.withBytes(of: "empty") { $0.count } == 0)
        #expect(file["c"] == nil)
        let error = #expect(throws: SafetensorsError.self) { try file.withBytes(of: "c") { $0.count } }
        #expect(error?.problem == .noSuchTensor("c"))
        // What is let go is read again when it is touched.
        file.releasePages(of: "b")
        #expect(try file.withBytes(of: "b") { [UInt8]($0) } == [8, 9, 10])
    }

    @Test func releasedPagesLeaveMemory() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let count = 8 << 20
        let header = #"{"w":{"dtype":"U8","shape":[\#(count)],"data_offsets":[0,\#(count)]}}"#
        let file = try SafetensorsFile(path: try directory.write(safetensorsBytes(header: header, dataBytes: count)))
        let places = stride(from: 0, to: count, by: 1025)
        let sum = try file.withBytes(of: "w") { bytes in places.reduce(0) { $0 + Int(bytes[$1]) } }
        #expect(sum == places.reduce(0) { $0 + $1 % 256 })
        let touched = try residentFileBytes(of: file.path)
        #expect(touched >= count - 8192)
        file.releasePages(of: "w")
        // What stays is at most the header's pages and those at the tensor's ends.
        #expect(try residentFileBytes(of: file.path) <= 3 * 4096)
    }

    /// Resident bytes of this process's mappings of a file, from /proc.
    private func residentFileBytes(of path: String) throws -> Int {
        // Read to the end: /proc states no sizes, so that reading the file whole stops short.
        let handle = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
        let maps = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
        var (inside, bytes) = (false, 0)
        for line in maps.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first?.hasSuffix(":") == false { inside = line.hasSuffix(path) }
            if inside, words.first == "Rss:", let kilobytes = Int(words[1]) { bytes += kilobytes << 10 }
        }
        return bytes
    }

    /// Every element type's width, by the names and sizes of the format's specification.
    @Test func bitWidths() {
        let widths: [String: Int] = [
            "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
            "F8_E8M0": 8, "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
            "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
        ]
        for type in TensorElementType.allCases { #expect(widths[type.rawValue] == type.bitWidth, "\(type)") }
        #expect(widths.count == TensorElementType.allCases.count)
        #expect(TensorElementType.float4.byteCount(of: [3, 2]) == 3)
        #expect(TensorElementType.float4.byteCount(of: [3]) == nil)
    }
}
