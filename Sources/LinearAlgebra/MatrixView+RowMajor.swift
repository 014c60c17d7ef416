import Synchronization

// Matrices as files and other programs have them: row after row, at any address.

extension MatrixView {
    /// Writes the elements row after row.
    /// - Precondition: as many bytes as they take.
    @inlinable
    package func writeRowMajor(to target: UnsafeMutableRawBufferPointer) {
        let width = MemoryLayout<Element>.stride
        precondition(
            target.count == rows * columns * width, "\(target.count) bytes for \(rows * columns) elements of \(width)")
        guard let base = target.baseAddress else { return }
        // Each run has bytes of its own.
        nonisolated(unsafe) let start = base
        eachRowRun { i, run, elements in
            (start + (i * columns + run.lowerBound) * width).copyMemory(from: elements, byteCount: run.count * width)
        }
    }
}

extension MatrixView<Float> {
    /// Writes the elements row after row, each rounded to the nearest number of `type`.
    /// - Returns: whether all the rounded numbers are finite.
    /// - Precondition: as many bytes as they take.
    package func writeRowMajor(to target: UnsafeMutableRawBufferPointer, as type: StoredFloat) -> Bool {
        let width = type.byteWidth
        precondition(
            target.count == rows * columns * width, "\(target.count) bytes for \(rows * columns) elements of \(width)")
        guard let base = target.baseAddress else { return true }
        // Each run has bytes of its own.
        nonisolated(unsafe) let start = base
        let allFinite = Atomic<Bool>(true)
        eachRowRun { i, run, elements in
            if !type.narrow(elements, count: run.count, to: start + (i * columns + run.lowerBound) * width) {
                allFinite.store(false, ordering: .relaxed)
            }
        }
        return allFinite.load(ordering: .relaxed)
    }
}
