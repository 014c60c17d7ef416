import AdaDimGGUF
import AdaDimTestSupport
import Foundation
import Testing

/// Every way for a GGUF file to be wrong is an error that names the file and says what is wrong.
@Suite("Malformed GGUF files")
struct MalformationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let text: String

        init(_ description: String, _ bytes: [UInt8], _ text: String) {
            (testDescription, self.bytes, self.text) = (description, bytes, text)
        }
    }

    static func integer<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
    }
    static func string(_ text: String) -> [UInt8] { integer(UInt64(text.utf8.count)) + Array(text.utf8) }
    static func header(_ tensors: UInt64 = 0, _ keys: UInt64 = 0, _ rest: [UInt8] = []) -> [UInt8] {
        Array("GGUF".utf8) + integer(UInt32(3)) + integer(tensors) + integer(keys) + rest
    }
    static func key(_ name: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] {
        string(name) + integer(type) + value
    }
    static func tensor(
        _ name: String = "t", dimensions: UInt32? = nil, sizes: [UInt64] = [4], type: UInt32 = 0, offset: UInt64 = 0
    ) -> [UInt8] {
        string(name) + integer(dimensions ?? UInt32(sizes.count)) + sizes.flatMap { integer($0) } + integer(type)
            + integer(offset)
    }
    /// Padded to the data, then as many bytes of data.
    static func whole(_ header: [UInt8], data: Int) -> [UInt8] {
        header + [UInt8](repeating: 0, count: (32 - header.count % 32) % 32 + data)
    }

    static let cases = [
        Case("empty", [], "an empty file (0 bytes): download it again"),
        Case("a page", Array("<!doctype html>".utf8), "an HTML page"),
        Case("another file", [1, 2, 3, 4, 5], "begins with the bytes 1 2 3 4, expected \"GGUF\""),
        Case("three bytes", Array("GGU".utf8), "begins with the bytes 47 47 55, expected \"GGUF\""),
        Case("no version", Array("GGUF".utf8) + [3, 0], "the version needs 4 bytes, but 2 are left"),
        Case("old version", Array("GGUF".utf8) + integer(UInt32(2)), "GGUF version 2, expected 3"),
        Case("big-endian", Array("GGUF".utf8) + [0, 0, 0, 3], "a GGUF file for big-endian machines"),
        Case(
            "more tensors than bytes", header(1 << 62),
            "4611686018427387904 tensors, but the bytes that are left hold at most 0"),
        Case(
            "more keys than bytes", header(0, 3, [UInt8](repeating: 0, count: 30)),
            "3 keys, but the bytes that are left hold at most 2"),
        Case(
            "long name", header(0, 1, integer(UInt64.max) + [UInt8](repeating: 0, count: 20)),
            "the name of key 0 needs 18446744073709551615 bytes, but 20 are left"),
        Case("empty key", header(0, 1, key("", 0, [1, 0, 0])), "the name of key 0 is empty, expected a name"),
        Case(
            "key not UTF-8", header(0, 1, integer(UInt64(1)) + [0xFF] + integer(UInt32(0)) + [1]),
            "the name of key 0 is not UTF-8"),
        Case("key twice", header(0, 2, key("a", 0, [1]) + key("a", 1, [1])), "the key a is there twice, expected once"),
        Case("unknown value type", header(0, 1, key("a", 13, [1])), "key a: value type 13, expected 0 to 12"),
        Case("boolean of 2", header(0, 1, key("a", 7, [2])), "key a: a boolean of 2, expected 0 or 1"),
        Case("value cut short", header(0, 1, key("a", 4, [2])), "key a needs 4 bytes, but 1 are left"),
        Case(
            "string cut short", header(0, 1, key("a", 8, integer(UInt64(9)) + [1])),
            "key a needs 9 bytes, but 1 are left"),
        Case(
            "array of arrays", header(0, 1, key("a", 9, integer(UInt32(9)) + integer(UInt64(0)))),
            "key a: an array of arrays"),
        Case(
            "array of unknowns", header(0, 1, key("a", 9, integer(UInt32(99)) + integer(UInt64(0)))),
            "key a: value type 99, expected 0 to 12"),
        Case(
            "long array", header(0, 1, key("a", 9, integer(UInt32(6)) + integer(UInt64(1) << 60) + [0, 0, 0, 0])),
            "1152921504606846976 elements of key a, but the bytes that are left hold at most 1"),
        Case(
            "long array of strings",
            header(0, 1, key("a", 9, integer(UInt32(8)) + integer(UInt64(3)) + string("b") + string(""))),
            "3 elements of key a, but the bytes that are left hold at most 2"),
        Case(
            "boolean of 3 in an array", header(0, 1, key("a", 9, integer(UInt32(7)) + integer(UInt64(2)) + [1, 3])),
            "key a: a boolean of 3"),
        Case(
            "a row beyond all numbers in a tensor of none",
            header(1, 0, tensor(sizes: [(1 << 63) - 32, 0], type: 8)),
            "tensor t: [0, 9223372036854775776] numbers of Q8_0 are more bytes than fit in 64 bits"),
        Case(
            "alignment of 3", header(0, 1, key("general.alignment", 4, integer(UInt32(3)))),
            "general.alignment is 3, expected a power of two"),
        Case(
            "alignment of 0", header(0, 1, key("general.alignment", 4, integer(UInt32(0)))),
            "general.alignment is 0, expected a power of two"),
        Case(
            "alignment of a word", header(0, 1, key("general.alignment", 8, string("32"))),
            "general.alignment is \"32\", expected a power of two"),
        Case(
            "tensor twice", whole(header(2, 0, tensor() + tensor(offset: 32)), data: 64),
            "the tensor t is there twice, expected once"),
        Case(
            "no dimensions", whole(header(1, 0, tensor(dimensions: 0)), data: 32),
            "tensor t: 0 dimensions, expected 1 to 4"),
        Case(
            "five dimensions", whole(header(1, 0, tensor(sizes: [1, 1, 1, 1, 1])), data: 32),
            "tensor t: 5 dimensions, expected 1 to 4"),
        Case(
            "unknown tensor type", whole(header(1, 0, tensor(type: 4)), data: 32),
            "tensor t: type 4, which is not known"),
        Case(
            "rows of half blocks", whole(header(1, 0, tensor(sizes: [48], type: 2)), data: 32),
            "tensor t: rows of 48 numbers of Q4_0, expected a multiple of 32"),
        Case(
            "too many numbers", whole(header(1, 0, tensor(sizes: [1 << 40, 1 << 40])), data: 32),
            "tensor t: [1099511627776, 1099511627776] numbers of F32 are more bytes than fit in 64 bits"),
        Case(
            "a size beyond Int", whole(header(1, 0, tensor(sizes: [1 << 63])), data: 32),
            "tensor t: [9223372036854775808] numbers of F32 are more bytes"),
        Case(
            "an offset elsewhere", whole(header(1, 0, tensor(offset: 32)), data: 64),
            "tensor t: data begin at 32, expected 0, after the tensor before it"),
        Case(
            "an overlap", whole(header(2, 0, tensor() + tensor("u")), data: 64),
            "tensor u: data begin at 0, expected 32"),
        Case(
            "data cut short", whole(header(1, 0, tensor()), data: 15),
            "tensor t: data end at 16, but the file holds 15 bytes of data"),
        Case("no data", header(1, 0, tensor()), "tensor t: data end at 16, but the file holds 0 bytes of data"),
        Case(
            "bytes left over", whole(header(1, 0, tensor()), data: 33),
            "33 bytes of data, but the tensors end at 16; the rest belongs to no tensor"),
    ]

    @Test(arguments: cases) func isRefused(_ malformed: Case) throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = try directory.write(malformed.bytes, as: "file.gguf")
        let error = #expect(throws: GGUFError.self) { try GGUFFile(path: path) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix(path + ": ") && text.contains(malformed.text), "\(text)")
    }

    @Test func theSameWithoutAFaultIsRead() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let header = Self.header(
            2, 1,
            Self.key("general.alignment", 4, Self.integer(UInt32(8))) + Self.tensor(sizes: [0])
                + Self.tensor("u", sizes: [2, 3]))
        let bytes = header + [UInt8](repeating: 0, count: (8 - header.count % 8) % 8 + 24)
        let file = try GGUFFile(path: try directory.write(bytes, as: "file.gguf"))
        #expect(file.tensors.map(\.shape) == [[0], [3, 2]])
        #expect(file.tensors.map(\.byteRange.count) == [0, 24])
        let missing = #expect(throws: GGUFError.self) { try GGUFFile(path: directory.path("none")) }
        #expect(missing.map { "\($0)" } == "\(directory.path("none")): cannot be read: No such file or directory")
        let folder = #expect(throws: GGUFError.self) { try GGUFFile(path: directory.url.path) }
        #expect(folder?.problem == .unreadable(reason: "not a regular file"))
    }
}
