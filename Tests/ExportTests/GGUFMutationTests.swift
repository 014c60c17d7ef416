import AdaDimCheckpoint
import AdaDimTestSupport
import Foundation
import Testing

/// Damaged outputs are refused with the file's name, or read; never a crash.
@Suite("Mutated outputs with a GGUF file")
struct GGUFMutationTests {
    private static let count =
        (ProcessInfo.processInfo.environment["ADADIM_MUTATIONS"].flatMap(Int.init) ?? 20_000) / 20

    @Test func hostileOutputs() throws {
        let model = try GGUFModel("llama-biases")
        defer { model.remove() }
        try model.export(bits: 4, isSymmetric: false)
        let names = ["model.gguf", "config.json"]
        let valid = try names.map { [UInt8](try Data(contentsOf: model.output.appending(path: $0))) }
        let layers = try model.checkpoint().configuration.layers
        var random = SplitMix64(seed: 0x6a)
        var (refused, accepted) = (0, 0)
        for round in 0..<Self.count {
            let file = round % 4 == 0 ? 1 : 0
            var bytes = valid[file]
            for _ in 0...Int.random(in: 0..<2, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[position] = .random(in: 0...255, using: &random)
                case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.remove(at: position)
                default: bytes[position] = UInt8(ascii: "0") + .random(in: 0...9, using: &random)
                }
            }
            // A directory of its own each time: a mapped file must not change.
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            for (index, name) in names.enumerated() {
                _ = try directory.write(index == file ? bytes : valid[index], as: name)
            }
            do {
                let checkpoint = try Checkpoint(directory: directory.url, allowingQuantized: true)
                for layer in layers { _ = try checkpoint.matrix(layer.weightName) }
                accepted += 1
            } catch {
                refused += 1
                if !"\(error)".hasPrefix(directory.url.path) { Issue.record("round \(round): \(error)") }
            }
        }
        #expect(refused > Self.count / 10 && accepted > Self.count / 10, "\(refused) refused, \(accepted) accepted")
    }
}
