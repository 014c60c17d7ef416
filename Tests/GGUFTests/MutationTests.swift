import AdaDimGGUF
import AdaDimTestSupport
import Foundation
import Testing

/// Random changes of a valid file give an error, or a header whose tensors are inside the file; never a crash, and never memory
/// beyond a multiple of the file's. ADADIM_MUTATIONS says how many, some thousands by default; `make verify` tries a million.
@Suite("Mutated GGUF files")
struct MutationTests {
    private static let count = ProcessInfo.processInfo.environment["ADADIM_MUTATIONS"].flatMap(Int.init) ?? 20_000

    @Test func hostileBytes() throws {
        let valid = [UInt8](try Data(contentsOf: try #require(FileTests.golden)))
        let unchanged = try valid.withUnsafeBytes { bytes in
            Result { () throws(GGUFError.Problem) in try GGUFHeader(bytes) }
        }.get()
        let headerBytes = unchanged.dataStart
        var random = SplitMix64(seed: 0x6775_6666)
        var (refused, accepted) = (0, 0)
        let before = try Self.peakAddressSpace()
        for round in 0..<Self.count {
            let bytes = valid.mutatedGGUF(
                changes: 1 + Int.random(in: 0..<3, using: &random), before: headerBytes, isCut: round % 8 == 0,
                using: &random)
            let header = bytes.withUnsafeBytes { bytes in
                Result { () throws(GGUFError.Problem) in try GGUFHeader(bytes) }
            }
            switch header {
            case .success(let header):
                accepted += 1
                for tensor in header.tensors {
                    guard tensor.byteRange.lowerBound >= 0, tensor.byteRange.upperBound <= bytes.count,
                        tensor.byteRange.count <= bytes.count
                    else {
                        Issue.record(
                            "round \(round): tensor \(tensor.name) at \(tensor.byteRange) of \(bytes.count) bytes")
                        continue
                    }
                }
            case .failure(let problem):
                refused += 1
                if "\(problem)".isEmpty { Issue.record("round \(round): an error without a text") }
            }
        }
        // Both must occur, or the mutations test nothing.
        #expect(refused > Self.count / 4 && accepted > Self.count / 100, "\(refused) refused, \(accepted) accepted")
        // Files of a kilobyte: the count of one field alone may say exabytes. Sanitizers keep some hundred megabytes of freed memory.
        let grown = try Self.peakAddressSpace() - before
        #expect(grown < 1 << 30, "\(grown) bytes more address space at its peak")
    }

    /// The most address space that the process has had, in bytes: it counts memory that was never touched, too.
    private static func peakAddressSpace() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") })
        return try #require(Int(line.split(separator: " ").dropFirst().first ?? "")) * 1024
    }
}
