import AdaDimLinearAlgebra
import Synchronization

/// A stored matrix [rows, columns], row-major as files have it. Valid only while the file lends its bytes.
package struct StoredMatrix: @unchecked Sendable {
    let base: UnsafeRawPointer
    let type: StoredFloat
    let rows: Int
    let columns: Int

    /// - Parameter base: of the first row, of any alignment.
    package init(base: UnsafeRawPointer, type: StoredFloat, rows: Int, columns: Int) {
        self.base = base
        self.type = type
        self.rows = rows
        self.columns = columns
    }

    /// Some of the rows, as a matrix of its own.
    package func panel(_ range: Range<Int>) -> StoredMatrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return StoredMatrix(base: row(range.lowerBound), type: type, rows: range.count, columns: columns)
    }

    func row(_ i: Int) -> UnsafeRawPointer { base + i * columns * type.byteWidth }

    /// Widens and transposes in one pass, on all threads: `target` [rows, columns] is column-major.
    /// - Returns: whether all elements are finite.
    package func read(into target: MutableMatrixView<Float>) -> Bool {
        // A tile of 32 rows by 64 columns, widened in a buffer of 8 KB, costs one cache line or two of every source
        // row and column it touches.
        let (tileRows, tileColumns) = (32, 64)
        let allFinite = Atomic<Bool>(true)
        concurrently(rows, by: tileRows) { rowRange in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: tileRows * tileColumns) { tile in
                guard let buffer = tile.baseAddress else { return }
                for start in stride(from: 0, to: columns, by: tileColumns) {
                    let width = min(tileColumns, columns - start)
                    for (r, i) in rowRange.enumerated() {
                        let source = row(i) + start * type.byteWidth
                        if !type.widen(source, count: width, to: buffer + r * tileColumns) {
                            allFinite.store(false, ordering: .relaxed)
                        }
                    }
                    for c in 0..<width {
                        let output = target.column(start + c) + rowRange.lowerBound
                        for r in 0..<rowRange.count { output[r] = buffer[r &* tileColumns &+ c] }
                    }
                }
            }
        }
        return allFinite.load(ordering: .relaxed)
    }

    /// Widens one row after another, on all threads: column k of `target` [columns, count] is row `rowOf(k)`.
    /// - Returns: whether all elements are finite.
    package func readRows(_ rowOf: @Sendable (Int) -> Int, into target: MutableMatrixView<Float>) -> Bool {
        let allFinite = Atomic<Bool>(true)
        withoutActuallyEscaping(rowOf) { rowOf in
            concurrently(target.columns, by: 16) { range in
                for k in range where !type.widen(row(rowOf(k)), count: columns, to: target.column(k)) {
                    allFinite.store(false, ordering: .relaxed)
                }
            }
        }
        return allFinite.load(ordering: .relaxed)
    }

    /// The first element, row after row, that is NaN or infinite.
    package func firstNotFinite(rows range: Range<Int>) -> (value: Float, row: Int, column: Int)? {
        var buffer = [Float](repeating: 0, count: columns)
        for i in range {
            let finite = buffer.withUnsafeMutableBufferPointer { target in
                target.baseAddress.map { type.widen(row(i), count: columns, to: $0) } ?? true
            }
            if !finite, let column = buffer.firstIndex(where: { !$0.isFinite }) { return (buffer[column], i, column) }
        }
        return nil
    }
}
