import AdaDimLinearAlgebra

/// Quantizes one linear layer, y = W·x.
/// - Parameters:
///   - weight: W [out, in].
///   - activations: calibration inputs X [in, tokens], a token a column.
///   - options: bits, group size, direction and the rest.
/// - Returns: codes, scales, zero points, the direction, and the losses of the directions tried.
/// - Throws: ``QuantizationError`` or ``GramError``, saying what was found and what was expected;
///   ``QuantizationError/notEnoughMemory(needed:available:rows:columns:)`` before any work is done.
public func quantize<Scalar: RealScalar>(
    _ weight: Matrix<Scalar>, activations: Matrix<Scalar>, options: QuantizationOptions = .init()
) throws -> LayerQuantization {
    let threads = BLASLibrary.threadCount
    try MemoryPlan(
        rows: weight.rows, columns: weight.columns, tokensAtOnce: activations.columns, options: options,
        threads: threads, bytesPerNumber: MemoryLayout<Scalar>.stride
    ).check()
    var gram = try Gram<Scalar>(order: weight.columns)
    try gram.accumulate(activations)
    return try LayerQuantizer(gram: consume gram, options: options).quantize(weight, threads: threads)
}

/// Quantizes one linear layer whose calibration inputs have been summed up in a Gram matrix [in, in]. For several
/// layers with the same inputs make one ``LayerQuantizer``.
/// - Parameters:
///   - weight: W [out, in].
///   - gram: H = X·Xᵀ [in, in]. Pass `consume gram` if it is no longer needed: the factor reuses its memory.
///   - options: bits, group size, direction and the rest.
/// - Returns: codes, scales, zero points, the direction, and the losses of the directions tried.
/// - Throws: ``QuantizationError``, saying what was found and what was expected.
public func quantize<Scalar: RealScalar>(
    _ weight: Matrix<Scalar>, gram: consuming Gram<Scalar>, options: QuantizationOptions = .init()
) throws(QuantizationError) -> LayerQuantization {
    try LayerQuantizer(gram: consume gram, options: options).quantize(weight)
}
