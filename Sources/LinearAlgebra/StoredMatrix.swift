import Synchronization

/// A stored matrix [rows, columns], row-major as in files and other programs, of any alignment. Valid only inside the
/// closure of its owner.
package struct StoredMatrix: @unchecked Sendable {
    package let base: UnsafeRawPointer
    package let type: StoredFloat
    package let rows: Int
    package let columns: Int

    package init(base: UnsafeRawPointer, type: StoredFloat, rows: Int, columns: Int) {
        self.base = base
        self.type = type
        self.rows = rows
        self.columns = columns
    }

    package func row(_ i: Int) -> UnsafeRawPointer { base + i * columns * type.byteWidth }

    /// Some of the rows, as a matrix of its own.
    package func panel(_ range: Range<Int>) -> StoredMatrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return StoredMatrix(base: row(range.lowerBound), type: type, rows: range.count, columns: columns)
    }

    /// Widens and transposes in one pass, on all threads: `target` [rows, columns] is column-major.
    /// - Returns: whether all elements are finite.
    package func read(into target: MutableMatrixView<Float>) -> Bool {
        precondition(
            target.rows == rows && target.columns == columns,
            "a stored matrix [\(rows), \(columns)] does not fit [\(target.rows), \(target.columns)]")
        let allFinite = Atomic<Bool>(true)
        target.setRowRuns { i, run, elements in
            if !type.widen(row(i) + run.lowerBound * type.byteWidth, count: run.count, to: elements) {
                allFinite.store(false, ordering: .relaxed)
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

    /// Whether all elements are finite. Looked at on all threads.
    package var isFinite: Bool {
        let runLength = 1024
        let runs = (columns + runLength - 1) / runLength
        let allFinite = Atomic<Bool>(true)
        concurrently(rows, by: max(1, 32_768 / max(columns, 1))) { range in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: runLength) { buffer in
                guard let widened = buffer.baseAddress, allFinite.load(ordering: .relaxed) else { return }
                for i in range {
                    for run in 0..<runs {
                        let start = run * runLength
                        let count = min(runLength, columns - start)
                        if !type.widen(row(i) + start * type.byteWidth, count: count, to: widened) {
                            allFinite.store(false, ordering: .relaxed)
                        }
                    }
                }
            }
        }
        return allFinite.load(ordering: .relaxed)
    }

    /// The first element, row after row, that is NaN or infinite.
    package func firstNotFinite(rows range: Range<Int>) -> (value: Float, row: Int, column: Int)? {
        for i in range {
            for j in 0..<columns {
                let value = type.value(at: row(i) + j * type.byteWidth)
                if !value.isFinite { return (value, i, j) }
            }
        }
        return nil
    }
}
