import AdaDimTestSupport
import AdaDimVerification
import Foundation
import Testing

/// Random changes of a valid GGUF file give an error with the file's name, or numbers; never a crash. ADADIM_MUTATIONS says how many,
/// some thousands by default; `make verify` tries a million.
@Suite("Mutated GGUF files, read the second way")
struct SecondReaderMutationTests {
    private static let count = ProcessInfo.processInfo.environment["ADADIM_MUTATIONS"].flatMap(Int.init) ?? 20_000

    /// Keys of all kinds that the reader tells apart; a permuted weight, its bias, a packed table.
    private static var file: [UInt8] {
        func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] { UnpackerTests.integer(value) }
        func text(_ text: String) -> [UInt8] { UnpackerTests.text(text) }
        func key(_ name: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] { text(name) + number(type) + value }
        let keys = [
            key("general.architecture", 8, text("llama")),
            key("llama.attention.key_length", 4, number(UInt32(4))),
            key("tokens", 9, number(UInt32(8)) + number(UInt64(3)) + text("a") + text("") + text("bcd")),
            key("types", 9, number(UInt32(5)) + number(UInt64(3)) + [UInt8](repeating: 0, count: 12)),
            key("scores", 6, number(Float(1).bitPattern)), key("add_bos", 7, [1]),
        ]
        let tensors: [(name: String, sizes: [UInt64], type: UInt32, bytes: Int)] = [
            ("token_embd.weight", [32, 2], 2, 36), ("blk.0.attn_q.weight", [6, 8], 0, 192),
            ("blk.0.attn_q.bias", [8], 1, 16), ("blk.0.ffn_up.weight", [256, 1], 12, 144),
        ]
        var bytes = Array("GGUF".utf8) + number(UInt32(3)) + number(UInt64(tensors.count)) + number(UInt64(keys.count))
        bytes += keys.flatMap { $0 }
        var offset = 0
        for tensor in tensors {
            bytes += text(tensor.name) + number(UInt32(tensor.sizes.count)) + tensor.sizes.flatMap { number($0) }
            bytes += number(tensor.type) + number(UInt64(offset))
            offset += (tensor.bytes + 31) / 32 * 32
        }
        bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32)
        return bytes + (0..<offset).map { UInt8(truncatingIfNeeded: $0 * 37) }
    }

    @Test func hostileBytes() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        _ = try directory.write(Array(#"{"quantization_config": {"quant_method": "gguf"}}"#.utf8), as: "config.json")
        let path = directory.path("model.gguf")
        let valid = Self.file
        func read(_ bytes: [UInt8]) throws -> Int {
            // Some file systems wait for the disk where a file is replaced in place.
            unlink(path)
            _ = try directory.write(bytes, as: "model.gguf")
            let unpacker = try ModelFiles(directory: directory.url.path).unpacker()
            return try unpacker.tensors.reduce(0) { count, name in
                let found = try unpacker.description(of: name)
                return try count + unpacker.values(of: name, rows: 0..<found.rows).count
            }
        }
        #expect(try read(valid) == 64 + 48 + 8 + 256)
        var random = SplitMix64(seed: 0x32)
        var (refused, accepted) = (0, 0)
        for round in 0..<Self.count {
            let bytes = valid.mutatedGGUF(
                changes: 1 + Int.random(in: 0..<2, using: &random), before: valid.count, isCut: round % 8 == 0,
                using: &random)
            do {
                let numbers = try read(bytes)
                accepted += 1
                // A number takes at least the 2.625 bits of Q2_K.
                if numbers > bytes.count * 8 { Issue.record("round \(round): \(numbers) numbers") }
            } catch let error as VerificationError {
                refused += 1
                if error.place != path || error.reason.isEmpty { Issue.record("round \(round): \(error)") }
            }
        }
        // Both must occur, or the mutations test nothing.
        #expect(refused > Self.count / 4 && accepted > Self.count / 10, "\(refused) refused, \(accepted) accepted")
    }
}
