/// How much of what earlier quantization changed a layer compensates for (asymmetric calibration). After quantized layers it sees
/// X_q in place of X, and its output is added to R_q in place of R. Unquantized it would give W·X_q + R_q; it should give
/// W·X + R.
package struct OutputCorrection: Sendable, Equatable {
    /// The share of W·(X − X_q) that the layer compensates for, 0 … 1.
    package var inputs: Double
    /// The share of R − R_q that it compensates for, 0 … 1.
    package var residual: Double

    /// - Parameters:
    ///   - inputs: the share of W·(X − X_q) that the layer compensates for.
    ///   - residual: the share of R − R_q that it compensates for.
    package init(inputs: Double, residual: Double) {
        self.inputs = inputs
        self.residual = residual
    }

    /// Nothing is compensated for.
    package static let none = OutputCorrection(inputs: 0, residual: 0)
}
