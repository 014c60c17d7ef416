import AdaDimLinearAlgebra
import AdaDimQuantization

/// All cases through an engine, one after the other.
package struct RegressionRun {
    package var cases: [RegressionCase]
    package var refusals: [RefusalCase]
    package var layers: [UserLayer]
    /// How the user's layers are quantized.
    package var layerOptions = QuantizationOptions(.fast)
    /// Called before each case, with its number from 0.
    package var progress: (_ name: String, _ index: Int, _ count: Int) -> Void = { _, _, _ in }
    /// Looked at between the steps of a case.
    package var isCancelled: () -> Bool = { false }

    package init(
        cases: [RegressionCase] = BundledSuite.cases, refusals: [RefusalCase] = BundledSuite.refusals,
        layers: [UserLayer] = []
    ) {
        self.cases = cases
        self.refusals = refusals
        self.layers = layers
    }

    package struct Results: Sendable {
        package var cases: [CaseOutcome] = []
        package var refusals: [RefusalOutcome] = []

        package init() {}
    }

    /// - Throws: ``RegressionError/cancelled``. What the engine throws is an outcome.
    package func run(_ engine: some RegressionEngine = AdaDimEngine()) throws(RegressionError) -> Results {
        let threads = BLASLibrary.threadCount
        defer { BLASLibrary.threadCount = threads }
        var results = Results()
        let count = cases.count + layers.count
        for (index, example) in cases.enumerated() {
            progress(example.name, index, count)
            BLASLibrary.threadCount = example.threads ?? threads
            results.cases.append(try outcome(of: example, engine))
            BLASLibrary.threadCount = threads
        }
        for (index, layer) in layers.enumerated() {
            progress(layer.name, cases.count + index, count)
            results.cases.append(try outcome(layer.name, engine) { try layer.runner(layerOptions) })
        }
        for refusal in refusals {
            if isCancelled() { throw .cancelled }
            results.refusals.append(refusal.run(engine))
        }
        return results
    }

    private func outcome(
        of example: RegressionCase, _ engine: some RegressionEngine
    ) throws(RegressionError) -> CaseOutcome {
        switch example.arithmetic {
        case .float: try outcome(example.name, engine) { runner(example, Float.self) }
        case .double: try outcome(example.name, engine) { runner(example, Double.self) }
        }
    }

    private func runner<S: RealScalar>(_ example: RegressionCase, _ type: S.Type) -> CaseRunner<S> {
        let source = example.source
        return CaseRunner(
            name: example.name,
            weight: example.weight.matrix(S.self, out: example.out, in: example.inputs, seed: example.seed),
            inputs: source.tokens == nil
                ? .gram(source.gram(S.self, inputs: example.inputs, seed: example.seed))
                : .activations(source.activations(S.self, inputs: example.inputs, seed: example.seed)),
            options: example.options, arithmetic: example.arithmetic)
    }

    /// - Parameter make: reads or makes the layer; what it throws is its outcome.
    private func outcome<S: RealScalar>(
        _ name: String, _ engine: some RegressionEngine, _ make: () throws -> CaseRunner<S>
    ) throws(RegressionError) -> CaseOutcome {
        do {
            return try make().run(engine) { if isCancelled() { throw RegressionError.cancelled } }
        } catch RegressionError.cancelled {
            throw .cancelled
        } catch {
            return CaseOutcome(name: name, error: "\(error)")
        }
    }
}
