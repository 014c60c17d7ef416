import AdaDimQuantizedMatrices

/// A quantized layer and how well it does.
public struct LayerQuantization: Sendable {
    /// The reconstruction losses L = ‖(W−Q)·X‖²_F measured for one direction; nil where none was measured.
    public struct Losses: Sendable, Equatable, Codable {
        /// Of round-to-nearest, in the units of L.
        public internal(set) var roundToNearest: Double?
        /// Of GPTQ, what each step left: the sweep first, then what refines it.
        public internal(set) var steps: [Step] = []
        /// How many passes the refinement took, the last of them changing nothing where it was not the last one
        /// allowed; of panels of rows, which are refined independently, the largest number.
        public internal(set) var passes: Int?

        /// What one step left, in the units of L.
        public struct Step: Sendable, Equatable, Codable {
            /// `sweep`, or `passes`.
            public let name: String
            /// The loss after the step.
            public internal(set) var loss: Double
        }

        /// Of the GPTQ sweep, in the units of L.
        public var gptq: Double? { steps.first?.loss }
        /// Of the sweep after its refinement, in the units of L.
        public var refined: Double? { steps.count > 1 ? steps.last?.loss : nil }

        /// The loss that a method ends with.
        func final(_ method: QuantizationOptions.Method) -> Double? {
            method == .gptq ? refined ?? gptq : roundToNearest
        }

        /// The loss of a method.
        public subscript(method: QuantizationOptions.Method) -> Double? { method == .gptq ? gptq : roundToNearest }
    }

    /// Where the time of a layer went, seconds.
    public struct Seconds: Sendable, Equatable, Codable {
        /// ‖WX‖², the reference of relative losses.
        public internal(set) var reference = 0.0
        /// Round-to-nearest and its losses.
        public internal(set) var roundToNearest = 0.0
        /// Sweeps, the passes after them, and what those left.
        public internal(set) var sweep = 0.0
    }

    /// Codes, scales and zero points [out, in].
    public let quantized: QuantizedMatrix
    /// How the codes were found.
    public let method: QuantizationOptions.Method
    /// L of the layer as it is: ‖(W−Q)·X‖²_F summed over the calibration tokens.
    public let loss: Double
    /// ‖W·X‖²_F, the loss of a layer of zeros.
    public let outputEnergy: Double
    /// The losses measured before, by direction: both of an adaptive layer, its own of a fixed one.
    public let losses: [ChannelDimension: Losses]
    /// Where the time went.
    public let seconds: Seconds

    /// The direction in which groups run: chosen, or fixed by the options.
    public var dimension: ChannelDimension { quantized.dimension }
    /// L / ‖WX‖². Zero for a layer without output.
    public var relativeLoss: Double { relative(loss) }

    /// A loss as a share of ‖WX‖²; zero for a layer without output.
    public func relative(_ loss: Double) -> Double { outputEnergy > 0 ? loss / outputEnergy : 0 }
}
