import AdaDimLinearAlgebra
import Synchronization

// A quantized weight in the layout of other programs: row-major, in their memory, at any address.

extension QuantizedMatrix {
    /// Writes the codes, row-major [out, in], a byte each, to any address. ``codes`` returns them as a matrix.
    /// - Precondition: as many bytes as codes.
    public func writeCodes(rowMajor target: UnsafeMutableRawBufferPointer) {
        codes.withView { $0.writeRowMajor(to: target) }
    }

    /// Writes the scales as `Float`, row-major: per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in].
    /// - Precondition: four bytes for each.
    public func writeScales(rowMajor target: UnsafeMutableRawBufferPointer) {
        scales.withView { $0.writeRowMajor(to: target) }
    }

    /// Writes the zero points, row-major, shaped as the scales.
    /// - Precondition: as many bytes as zero points.
    public func writeZeroPoints(rowMajor target: UnsafeMutableRawBufferPointer) {
        zeroPoints.withView { $0.writeRowMajor(to: target) }
    }

    /// Writes the codes as 32-bit words, [out, ⌈in·bits/32⌉], as ``PackedRows`` lays them out.
    /// - Precondition: four bytes for each word.
    public func writePackedCodes(to target: UnsafeMutableRawBufferPointer) {
        PackedRows.pack(codes, bits: bits, into: target)
    }

    /// Writes the dequantized weight, (code − zero)·scale − offset, row-major [out, in], each number rounded to the nearest of
    /// its type.
    /// - Returns: whether all of them are finite; float16 cannot represent every weight that float32 can.
    /// - Precondition: as many bytes as the numbers take.
    public func writeDequantized(rowMajor target: UnsafeMutableRawBufferPointer, as type: StoredFloat) -> Bool {
        let width = type.byteWidth
        precondition(target.count == rows * columns * width, "\(target.count) bytes for \(rows * columns) weights")
        guard let base = target.baseAddress else { return true }
        // Each tile has bytes of its own.
        nonisolated(unsafe) let start = base
        let allFinite = Atomic<Bool>(true)
        let (layout, columns) = (layout, columns)
        codes.withView { codes in
            GroupValues.with(scales, zeroPoints, offsets) { values in
                TransposingTile<Float>.each(of: layout.rows, by: columns) { rows, run, tile in
                    for (c, j) in run.enumerated() {
                        let code = codes.column(j) + rows.lowerBound
                        values.dequantize(rows, ofColumn: j, code, layout) { r, value in tile[r, c] = value }
                    }
                    for (r, i) in rows.enumerated() {
                        let row = start + (i * columns + run.lowerBound) * width
                        if !type.narrow(tile.row(r), count: run.count, to: row) {
                            allFinite.store(false, ordering: .relaxed)
                        }
                    }
                }
            }
        }
        return allFinite.load(ordering: .relaxed)
    }
}
