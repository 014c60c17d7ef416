import AdaDimLinearAlgebra
import Synchronization

// A quantized weight as other programs want it: row-major, in memory of theirs, at any address.

extension QuantizedMatrix {
    /// Writes the codes, row-major [out, in], a byte each, to any address. For a matrix of their own see ``codes``.
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

    /// Writes the weight that the codes stand for, (code − zero)·scale, row-major [out, in], each number rounded to the
    /// nearest of its type.
    /// - Returns: whether all of them are finite; float16 does not hold every weight that float32 does.
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
            scales.withView { scales in
                zeroPoints.withView { zeros in
                    RowMajorTile.each(rows: layout.rows, columns: columns, of: Float.self) { rows, run, buffer in
                        for (c, j) in run.enumerated() {
                            Self.dequantize(rows, ofColumn: j, codes, scales, zeros, layout) { r, value in
                                buffer[r &* RowMajorTile.columns &+ c] = value
                            }
                        }
                        for (r, i) in rows.enumerated() {
                            let row = start + (i * columns + run.lowerBound) * width
                            if !type.narrow(buffer + r * RowMajorTile.columns, count: run.count, to: row) {
                                allFinite.store(false, ordering: .relaxed)
                            }
                        }
                    }
                }
            }
        }
        return allFinite.load(ordering: .relaxed)
    }
}

/// Tiles of a matrix on their way from columns to rows.
enum RowMajorTile {
    static let rows = 32
    static let columns = 64

    /// Lends each tile's rows and columns a buffer of `rows` times `columns` elements; on all threads.
    static func each<Element>(
        rows count: Int, columns: Int, of _: Element.Type,
        _ body: @Sendable (_ rows: Range<Int>, _ columns: Range<Int>, UnsafeMutablePointer<Element>) -> Void
    ) {
        withoutActuallyEscaping(body) { body in
            concurrently(count, by: rows) { range in
                withUnsafeTemporaryAllocation(of: Element.self, capacity: rows * Self.columns) { tile in
                    guard let buffer = tile.baseAddress else { return }
                    for start in stride(from: 0, to: columns, by: Self.columns) {
                        body(range, start..<min(start + Self.columns, columns), buffer)
                    }
                }
            }
        }
    }
}

extension MatrixView {
    /// Writes the elements row after row.
    /// - Precondition: as many bytes as they take.
    func writeRowMajor(to target: UnsafeMutableRawBufferPointer) {
        let width = MemoryLayout<Element>.stride
        precondition(
            target.count == rows * columns * width, "\(target.count) bytes for \(rows * columns) elements of \(width)")
        guard let base = target.baseAddress else { return }
        // Each tile has bytes of its own.
        nonisolated(unsafe) let start = base
        RowMajorTile.each(rows: rows, columns: columns, of: Element.self) { rows, run, buffer in
            for (c, j) in run.enumerated() {
                let source = column(j)
                for (r, i) in rows.enumerated() { buffer[r &* RowMajorTile.columns &+ c] = source[i] }
            }
            for (r, i) in rows.enumerated() {
                (start + (i * columns + run.lowerBound) * width)
                    .copyMemory(from: buffer + r * RowMajorTile.columns, byteCount: run.count * width)
            }
        }
    }
}
