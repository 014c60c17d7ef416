import AdaDimLinearAlgebra

// Weights in the layout of other programs.

extension LayerQuantizer where Scalar == Float {
    /// Quantizes a row-major weight [out, in], one output channel after another.
    /// - Parameters:
    ///   - weight: rows·in numbers, at any address.
    ///   - type: the type of the numbers.
    ///   - rows: outputs.
    ///   - cancellation: stops the work from another thread.
    ///   - progress: called with the share of the flops that is done, from any thread, one call at a time.
    /// - Returns: codes, scales, zero points, the direction, and the losses of the directions tried.
    /// - Throws: ``QuantizationError``; among others
    ///   ``QuantizationError/wrongByteCount(found:rows:columns:expected:)`` and
    ///   ``QuantizationError/nonFiniteWeight(output:input:)``.
    public func quantize(
        rowMajor weight: UnsafeRawBufferPointer, of type: StoredFloat, rows: Int, cancellation: Cancellation? = nil,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(QuantizationError) -> LayerQuantization {
        try quantize(
            rowMajor: weight, of: type, rows: rows, threads: BLASLibrary.threadCount, cancellation: cancellation,
            progress: progress)
    }

    /// As ``quantize(rowMajor:of:rows:cancellation:progress:)``, by the count of threads that the caller has read.
    package func quantize(
        rowMajor weight: UnsafeRawBufferPointer, of type: StoredFloat, rows: Int, threads: Int,
        cancellation: Cancellation? = nil, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(QuantizationError) -> LayerQuantization {
        let columns = factor.inputs
        guard rows > 0 && columns > 0 else { throw .emptyWeight(rows: rows, columns: columns) }
        let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
        guard !overflow, count <= Int.max / 8 else { throw .tooLargeToCount(rows: rows, columns: columns) }
        guard let base = weight.baseAddress, weight.count == count * type.byteWidth else {
            throw .wrongByteCount(
                found: weight.count, rows: rows, columns: columns, expected: count * type.byteWidth)
        }
        let matrix = try Workspace<Float>(rows, by: columns)
        let stored = StoredMatrix(base: base, type: type, rows: rows, columns: columns)
        guard stored.read(into: matrix.view) else {
            let place = stored.firstNotFinite(rows: 0..<rows)
            throw .nonFiniteWeight(output: place?.row ?? 0, input: place?.column ?? 0)
        }
        return try quantize(Matrix(matrix), threads: threads, cancellation: cancellation, progress: progress)
    }
}
