import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// One malformation each: the error's text names the file, the tensor, what was found and what was expected.
@Suite("Malformed safetensors")
struct MalformationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let text: String
        var testDescription: String { name }

        init(_ name: String, _ header: String, data: Int, _ text: String) {
            self.init(name, safetensorsBytes(header: header, dataBytes: data), text)
        }

        init(_ name: String, _ bytes: [UInt8], _ text: String) {
            (self.name, self.bytes, self.text) = (name, bytes, text)
        }
    }

    private static func length(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) } }

    static let cases: [Case] = [
        Case("empty file", [], "an empty file (0 bytes): download it again"),
        Case(
            "a Git LFS pointer", [UInt8]("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5\n".utf8),
            "a Git LFS pointer: run git lfs pull"),
        Case("a page", [UInt8]("\n<!DOCTYPE html>\n<html>".utf8), "an HTML page, such as a server answers"),
        Case("GGUF", [UInt8]("GGUF".utf8) + [3, 0, 0, 0, 1, 2, 3], "a GGUF file: take the model's .safetensors files"),
        Case("PyTorch's zip", [UInt8]("PK\u{3}\u{4}".utf8) + [0, 0, 8, 8, 0, 0], "a PyTorch file: have transformers"),
        Case("PyTorch's pickle", [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9], "a PyTorch file"),
        Case("gzip", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1], "a gzip archive: unpack it"),
        Case(
            "a text", [UInt8]("{\"a\": 12345}".utf8),
            "begins with the text \"{\"a\": 12\", expected a header's length: it is no .safetensors file"),
        // A length that looks like the beginning of an archive stays a length where a header follows.
        Case("cut short, 35615 bytes of header", length(0x8b1f) + [0x7b], "a header of 35615 bytes, but only 1 follow"),
        Case("seven bytes", [1, 0, 0, 0, 0, 0, 0], "7 bytes, expected at least the 8"),
        Case("header too large", length(100_000_001) + [0], "a header of 100000001 bytes, expected at most 100000000"),
        Case("length beyond Int", length(.max), "a header of 18446744073709551615 bytes, expected at most"),
        Case("header beyond end", length(10) + [123], "a header of 10 bytes, but only 1 follow its length"),
        Case(
            "no JSON", "{\"a\":", data: 0,
            "the header is not a JSON object: line 1, column 6: found the end of the text, expected a value"),
        Case("empty header", "", data: 0, "the header is not a JSON object"),
        Case("a list", "[]", data: 0, "the header is not a JSON object: found [], expected an object"),
        Case("zeros, as an unfinished file has", length(8) + length(0), "the header is not a JSON object"),
        Case(
            "deep nesting", String(repeating: "[", count: 100_000), data: 0,
            "the header is not a JSON object: line 1, column 65: nested deeper than 64 levels"),
        Case(
            "one name twice",
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#,
            data: 1, "the header is not a JSON object: line 1, column 54: found the key \"a\" once more"),
        Case(
            "one field twice", #"{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#, data: 1,
            "the header is not a JSON object: line 1, column 20: found the key \"dtype\" once more"),
        Case(
            "one name composed and decomposed",
            "{\"\u{E9}\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
                + "\"e\u{301}\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
            data: 0, "the header has 2 entries under 1 distinct names"),
        Case(
            "not UTF-8", length(3) + [0x7B, 0x22, 0xFF],
            "the header is not a JSON object: line 1, column 3: found the byte 0xFF (at offset 2), expected UTF-8"),
        Case("metadata a list", #"{"__metadata__":[]}"#, data: 0, "__metadata__ is not a map from strings to strings"),
        Case("metadata of numbers", #"{"__metadata__":{"a":1}}"#, data: 0, "__metadata__ is not a map"),
        Case("entry a number", #"{"a":1}"#, data: 0, "tensor a: the entry is not an object"),
        Case("no dtype", #"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, data: 1, "tensor a: dtype is missing"),
        Case(
            "unknown dtype", #"{"a":{"dtype":"F12","shape":[1],"data_offsets":[0,1]}}"#, data: 1,
            "tensor a: unknown dtype F12, expected one of BOOL, F4,"),
        Case("no shape", #"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, data: 1, "tensor a: shape is missing or not"),
        Case(
            "shape of fractions", #"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}"#, data: 1,
            "tensor a: shape is missing or not a list of integers"),
        Case(
            "shape beyond 64 bits", #"{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}"#,
            data: 1,
            "tensor a: shape is missing or not a list of integers that fit in 64 bits"),
        Case(
            "shape of booleans", #"{"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}}"#, data: 1,
            "tensor a: shape is missing or not a list of integers"),
        Case(
            "negative size", #"{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}"#, data: 1,
            "tensor a: shape [-1, -1] has a negative size"),
        Case(
            "size overflow",
            #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, data: 0,
            "tensor a: shape [4294967296, 4294967296] of F32 is not a whole number of bytes that fits in 64 bits"),
        Case(
            "half a byte", #"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, data: 2,
            "tensor a: shape [3] of F4 is not a whole number of bytes"),
        Case("no offsets", #"{"a":{"dtype":"U8","shape":[1]}}"#, data: 1, "tensor a: data_offsets is missing"),
        Case(
            "three offsets", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}"#, data: 1,
            "tensor a: data_offsets [0, 1, 1], expected two, not negative and in order"),
        Case(
            "negative offset", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}"#, data: 0,
            "tensor a: data_offsets [-1, 0], expected two"),
        Case(
            "offsets in reverse", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}"#, data: 1,
            "tensor a: data_offsets [1, 0], expected two, not negative and in order"),
        Case(
            "cut short", #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, data: 3,
            "tensor a: data_offsets end at 4, but the file holds 3 bytes of data"),
        Case(
            "too few bytes for the shape", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, data: 4,
            "tensor a: 4 bytes of data, expected 8 by its shape and dtype"),
        Case(
            "overlap",
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
            data: 3, "tensor b: data begin at 1, inside tensor a, which ends at 2"),
        Case(
            "hole",
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
            data: 3, "tensor b: data begin at 2, expected 1; bytes between belong to no tensor"),
        Case(
            "hole at the start", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, data: 2,
            "tensor a: data begin at 1, expected 0"),
        Case(
            "bytes left over", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: 2,
            "2 bytes of data, but the tensors end at 1"),
        Case(
            "unknown key", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"extra":0}}"#, data: 1,
            "tensor a: unknown key extra"),
    ]

    @Test(arguments: cases) func isRefused(_ malformed: Case) throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = try directory.write(malformed.bytes)
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix(path + ": ") && text.contains(malformed.text), "\(text)")
    }

    @Test func missingFileAndDirectory() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let missing = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: directory.path("none")) }
        #expect(missing.map { "\($0)" } == "\(directory.path("none")): cannot be read: No such file or directory")
        let folder = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: directory.url.path) }
        #expect(folder?.problem == .unreadable(reason: "not a regular file"))
    }

    /// Random changes of a valid file give an error or a file whose tensors can all be read; never a crash.
    @Test func hostileBytes() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let valid = safetensorsBytes(
            header: """
                {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},\
                "b":{"dtype":"BF16","shape":[5],"data_offsets":[16,26]},"c":{"dtype":"U8","shape":[],"data_offsets":[26,27]}}
                """, dataBytes: 27)
        var random = SeededGenerator(state: 0x5eed)
        var (refused, accepted) = (0, 0)
        for round in 0..<4000 {
            var bytes = valid
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                // Nearly all of what can go wrong is in the first bytes and the header.
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[position] = .random(in: 0...255, using: &random)
                case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.remove(at: position)
                case 3: bytes.insert(bytes[.random(in: 0..<bytes.count, using: &random)], at: position)
                default: bytes[position] = UInt8(ascii: "0") + .random(in: 0...9, using: &random)
                }
            }
            if round % 8 == 0 { bytes.removeLast(.random(in: 0..<bytes.count, using: &random)) }
            // A name of its own each time: some file systems wait for the disk when a file is written over.
            let path = try directory.write(bytes, as: "\(round).safetensors")
            defer { try? FileManager.default.removeItem(atPath: path) }
            do {
                let file = try SafetensorsFile(path: path)
                accepted += 1
                for tensor in file.tensors {
                    let count = file.withBytes(of: tensor) { $0.reduce(into: 0) { count, _ in count += 1 } }
                    #expect(count == tensor.elementType.byteCount(of: tensor.shape))
                }
            } catch {
                refused += 1
                #expect("\(error)".hasPrefix(path))
            }
        }
        // Both must occur, or the mutations test nothing.
        #expect(refused > 1000 && accepted > 50, "\(refused) refused, \(accepted) accepted")
    }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
