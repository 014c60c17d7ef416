import AdaDim
import Foundation
import SyntheticData

/// A square layer as other programs hold it, and the same work on it by both ways in: factor, search, results.
struct RowMajorLayer {
    private let size: Int
    private let gram: [Float]
    private let weight: [Float]
    private static let tokens = 8192
    private static let groupSize = 128

    init(size: Int) throws {
        self.size = size
        let data = SyntheticLayer(seed: 1)
        var sums = try Gram<Float>(order: size)
        try sums.accumulate(data.activations(inputs: size, tokens: 0..<Self.tokens))
        gram = sums.symmetric().columnMajorElements
        weight = data.weight(rows: 0..<size, columns: size).columnMajorElements
    }

    func bySwift() throws -> Run {
        let sums = try Gram(Matrix(columnMajor: gram, rows: size, columns: size), tokens: Self.tokens)
        let results = results()
        let clock = Clocks()
        let quantizer = try LayerQuantizer(
            gram: consume sums,
            options: .init(.fast) {
                $0.grid.bits = 4
                $0.grid.groupSize = Self.groupSize
            })
        let quantized = try weight.withUnsafeBytes {
            try quantizer.quantize(rowMajor: $0, of: .float32, rows: size).quantized
        }
        quantized.writeCodes(rowMajor: results.codes)
        quantized.writeScales(rowMajor: results.scales)
        quantized.writeZeroPoints(rowMajor: results.zeroPoints)
        return clock.run(results)
    }

    func by(_ library: EngineLibrary) throws -> Run {
        var (sums, quantizer, layer) = (OpaquePointer?.none, OpaquePointer?.none, OpaquePointer?.none)
        try library.check(library.createGram(gram, Int64(size), Int64(Self.tokens), &sums))
        let results = results()
        let clock = Clocks()
        try library.check(library.takeGram(&sums, nil, nil, nil, &quantizer))
        try weight.withUnsafeBytes {
            try library.check(library.quantize(quantizer, $0.baseAddress, 0, Int64(size), nil, nil, &layer))
        }
        try library.check(library.codes(layer, results.codes.baseAddress, Int64(results.codes.count), nil))
        try library.check(library.scales(layer, results.scales.baseAddress, Int64(results.groups), nil))
        try library.check(library.zeroPoints(layer, results.zeroPoints.baseAddress, Int64(results.groups), nil))
        library.destroyLayer(layer)
        library.destroyQuantizer(quantizer)
        return clock.run(results)
    }

    private func results() -> Results {
        Results(codes: size * size, groups: size * ((size + Self.groupSize - 1) / Self.groupSize))
    }
}

/// Everything that a caller reads of a layer, in the caller's memory.
final class Results: Equatable {
    let groups: Int
    let codes, scales, zeroPoints: UnsafeMutableRawBufferPointer

    init(codes: Int, groups: Int) {
        self.groups = groups
        // Touched before the clock runs.
        func memory(_ bytes: Int) -> UnsafeMutableRawBufferPointer {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            return buffer
        }
        (self.codes, scales, zeroPoints) = (memory(codes), memory(4 * groups), memory(groups))
    }

    deinit { for buffer in [codes, scales, zeroPoints] { buffer.deallocate() } }

    static func == (one: Results, other: Results) -> Bool {
        one.codes.elementsEqual(other.codes) && one.scales.elementsEqual(other.scales)
            && one.zeroPoints.elementsEqual(other.zeroPoints)
    }
}

struct Run {
    let results: Results
    let times: Times
}

struct Times {
    /// By the clock.
    let seconds: Double
    /// Of all processors together.
    let processorSeconds: Double
}

/// Started where it is made.
struct Clocks {
    private let start = ContinuousClock.now
    private let processorStart = processorSeconds()

    func run(_ results: Results) -> Run {
        let elapsed = ContinuousClock.now - start
        return Run(
            results: results,
            times: Times(
                seconds: elapsed / .seconds(1), processorSeconds: Self.processorSeconds() - processorStart))
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
