import AdaDimLinearAlgebra

extension RegressionRun {
    /// Refuses a run whose largest layer would not fit.
    /// - Parameter available: bytes; nil for the system's figure.
    /// - Throws: ``RegressionError/notEnoughMemory(name:needed:available:)``.
    package func checkMemory(available: Int? = nil) throws(RegressionError) {
        guard let available = available ?? MachineMemory.bytes else { return }
        let needs =
            cases.map { ($0.name, Self.bytes(out: $0.out, inputs: $0.inputs, tokens: $0.source.tokens ?? 0)) }
            + layers.map { ($0.name, Self.bytes(out: $0.out, inputs: $0.inputs, tokens: $0.tokens)) }
        guard let most = needs.max(by: { $0.1 < $1.1 }), most.1 > Double(available) else { return }
        throw .notEnoughMemory(name: most.0, needed: most.1, available: Double(available))
    }

    /// Peak memory of a case, in Double: H, V, |V| and V·Vᵀ or X·Xᵀ; X twice; W in both orders, Q, E, the parts of a
    /// loss, and the engine's own. Measured at 4096 × 4096 with 2048 tokens: 2.04 GB of the 2.15 GB that it predicts.
    private static func bytes(out: Int, inputs: Int, tokens: Int) -> Double {
        let (out, n, tokens) = (Double(out), Double(inputs), Double(tokens))
        return 8 * (4 * n * n + 11 * out * n + 2 * n * tokens)
    }
}
