import AdaDimLinearAlgebra
import Synchronization

/// A packed layer's tensors as a file lends them, row-major: codes [rows, ⌈columns·bits/32⌉ words], a dense
/// little-endian bit stream a row, and for every block of weights a scale and a zero point,
/// [rows / blockRows, columns / blockColumns].
struct PackedLayer: @unchecked Sendable {
    let rows: Int
    let columns: Int
    let scheme: PackingScheme.Layer
    let codes: UnsafeRawPointer
    let scales: [Float]
    /// zero − 2^(bits−1), signed.
    let zeroPoints: [Int8]
    /// What the dequantized weights are rounded to, as a loader does: the type of the scales.
    let type: StoredFloat

    /// Writes the weights [rows, columns], column-major: (code − zero)·scale, rounded to ``type``.
    /// - Returns: whether all are finite.
    func dequantize(into target: MutableMatrixView<Float>) -> Bool {
        let bits = scheme.bits
        let scaleColumns = columns / scheme.blockColumns
        let rowBytes = (columns * bits + 31) / 32 * 4
        let allFinite = Atomic<Bool>(true)
        let (stripRows, tileColumns) = (32, 64)
        concurrently(rows, by: stripRows) { strip in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: stripRows * tileColumns) { tile in
                for start in stride(from: 0, to: columns, by: tileColumns) {
                    let width = min(tileColumns, columns - start)
                    for (r, i) in strip.enumerated() {
                        let row = UnsafeRawBufferPointer(start: codes + i * rowBytes, count: rowBytes)
                        let scaleRow = i / scheme.blockRows * scaleColumns
                        for c in 0..<width {
                            let block = scaleRow + (start + c) / scheme.blockColumns
                            let code = Self.code(at: (start + c) * bits, bits: bits, in: row)
                            let zero = Int(zeroPoints[block]) + 1 << (bits - 1)
                            let weight = type.rounded(Float(code - zero) * scales[block])
                            if !weight.isFinite { allFinite.store(false, ordering: .relaxed) }
                            tile[r * tileColumns + c] = weight
                        }
                    }
                    for c in 0..<width {
                        let output = target.column(start + c) + strip.lowerBound
                        for r in 0..<strip.count { output[r] = tile[r * tileColumns + c] }
                    }
                }
            }
        }
        return allFinite.load(ordering: .relaxed)
    }

    /// The code that begins at a bit of a row's stream. Of at most 8 bits, it lies in two bytes.
    @inline(__always)
    private static func code(at bit: Int, bits: Int, in row: UnsafeRawBufferPointer) -> Int {
        let byte = bit >> 3
        let next = byte + 1 < row.count ? Int(row[byte + 1]) << 8 : 0
        return (Int(row[byte]) | next) >> (bit & 7) & (1 << bits - 1)
    }
}
