import AdaDimLinearAlgebra
import AdaDimQuantization

/// A user's layer, in addition to the bundled ones. It is read when its case runs.
package struct UserLayer: Sendable {
    package let name: String
    /// Shape of the weight, and tokens of the activations, 0 for a Gram matrix: what memory it takes.
    let out: Int
    let inputs: Int
    let tokens: Int
    private let read: @Sendable () throws -> (weight: Matrix<Float>, inputs: LayerInputs<Float>)

    /// - Parameter read: gives W [out, in] and what its Gram matrix comes from.
    package init(
        name: String, out: Int, inputs: Int, tokens: Int,
        read: @escaping @Sendable () throws -> (weight: Matrix<Float>, inputs: LayerInputs<Float>)
    ) {
        self.name = name
        (self.out, self.inputs, self.tokens) = (out, inputs, tokens)
        self.read = read
    }

    func runner(_ options: QuantizationOptions) throws -> CaseRunner<Float> {
        let (weight, inputs) = try read()
        return CaseRunner(name: name, weight: weight, inputs: inputs, options: options, arithmetic: .float)
    }
}
