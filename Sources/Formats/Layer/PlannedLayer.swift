import AdaDimLinearAlgebra

/// A layer before a run: what it may become.
package struct PlannedLayer: Sendable {
    /// As in `model.layers.3.self_attn.q_proj`.
    package let module: String
    package let place: LayerPlace
    /// The same of all layers that have one input, and of no others.
    package let input: String
    /// One for each direction that the run may choose; none for a layer that stays as it is.
    package let schemes: [LayerScheme]

    package init(module: String, place: LayerPlace = .block, input: String, schemes: [LayerScheme]) {
        self.module = module
        self.place = place
        self.input = input
        self.schemes = schemes
    }
}
