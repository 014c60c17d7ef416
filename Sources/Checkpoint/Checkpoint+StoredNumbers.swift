import AdaDimLinearAlgebra

extension Checkpoint {
    /// Some rows of a tensor that is stored as plain numbers, row-major, widened: NaN and infinity, too, which all other reading
    /// refuses. It is for what compares files, not for what computes with them.
    /// - Parameter rows: of all but the last dimension; a tensor of one dimension is one row.
    /// - Precondition: the tensor has these rows.
    package func storedNumbers(of name: String, rows: Range<Int>) throws(CheckpointError) -> [Float] {
        let location = try location(of: name)
        let type = try storedType(location)
        let columns = location.entry.shape.last ?? 1
        let (start, count) = (rows.lowerBound * columns * type.byteWidth, rows.count * columns)
        return location.file.withBytes(of: location.entry) { bytes in
            precondition(
                rows.lowerBound >= 0 && start + count * type.byteWidth <= bytes.count, "rows \(rows) of \(name)")
            return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                if let source = bytes.baseAddress, let target = buffer.baseAddress {
                    _ = type.widen(source + start, count: count, to: target)
                }
                initialized = count
            }
        }
    }
}
