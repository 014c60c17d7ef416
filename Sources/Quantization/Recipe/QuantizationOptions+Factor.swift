extension QuantizationOptions {
    /// How the Gram matrix H of a layer's inputs is factored.
    public struct Factor: Sendable, Hashable, Codable {
        /// λ as a share of the mean diagonal of H, 0 to 1. Raised where there is no factor, unless it is 0.
        public var damping = 0.01
        /// Act-order: whether the sweep takes columns by descending diagonal of H. Codes and scales stay in the order of the
        /// weight.
        public var activationOrder = false
        /// Whether a layer is refused where no token activates any of its inputs, by
        /// ``QuantizationError/allInputsInactive(inputs:tokens:)``. If not, its weights are rounded to nearest: its loss on
        /// these tokens is zero in either direction, so that an adaptive one is per-OC.
        public var refusesInactiveLayers = false

        private enum CodingKeys: String, CodingKey {
            case damping, activationOrder
            case refusesInactiveLayers = "refuseInactive"
        }

        func validate() throws(QuantizationError) {
            guard (0...1).contains(damping) else {
                throw .settingOutOfRange(
                    "damping", found: "\(damping)", expected: "a share of the mean diagonal, 0 to 1")
            }
        }
    }
}
