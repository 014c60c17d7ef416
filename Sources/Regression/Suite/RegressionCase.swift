import AdaDimQuantization

/// One layer of the bundled suite: how it is made and how it is quantized.
package struct RegressionCase: Sendable {
    package var name: String
    /// Shape of the weight.
    package var out: Int
    package var inputs: Int
    package var weight = SyntheticWeight.normal
    package var source: SyntheticInputs
    package var options: QuantizationOptions
    package var arithmetic = Arithmetic.float
    /// Threads to run with; nil for as many as the run was given.
    package var threads: Int?
    package var seed: UInt64

    package init(
        _ name: String, _ out: Int, _ inputs: Int, _ source: SyntheticInputs, weight: SyntheticWeight = .normal,
        _ options: QuantizationOptions = .init(), _ arithmetic: Arithmetic = .float, threads: Int? = nil
    ) {
        self.name = name
        self.out = out
        self.inputs = inputs
        self.weight = weight
        self.source = source
        self.options = options
        self.arithmetic = arithmetic
        self.threads = threads
        // A case keeps its numbers when others come or go.
        seed = Digest.of(Array(name.utf8))
    }

    /// The longer side, which `--max-size` looks at.
    package var size: Int { max(out, inputs) }
}
