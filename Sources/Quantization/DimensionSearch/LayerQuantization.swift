/// A quantized layer and how well it does.
public struct LayerQuantization: Sendable {
    /// The reconstruction losses L = ‖(W−Q)·X‖²_F found for one direction; nil where nothing asked for one.
    public struct Losses: Sendable, Equatable, Codable {
        /// Of round-to-nearest.
        public internal(set) var roundToNearest: Double?
        /// Of the GPTQ sweep.
        public internal(set) var gptq: Double?

        /// The loss of a method.
        public subscript(method: QuantizationOptions.Method) -> Double? {
            get { method == .gptq ? gptq : roundToNearest }
            set { if method == .gptq { gptq = newValue } else { roundToNearest = newValue } }
        }
    }

    /// Where the time of a layer went, seconds.
    public struct Seconds: Sendable, Equatable, Codable {
        /// ‖WX‖², the reference of relative losses.
        public internal(set) var reference = 0.0
        /// Round-to-nearest and its losses.
        public internal(set) var roundToNearest = 0.0
        /// Sweeps.
        public internal(set) var sweep = 0.0
    }

    public let quantized: QuantizedMatrix
    public let method: QuantizationOptions.Method
    /// L of the layer as it is: ‖(W−Q)·X‖²_F summed over the calibration tokens.
    public let loss: Double
    /// ‖W·X‖²_F, the loss of a layer of zeros.
    public let outputEnergy: Double
    /// What was measured on the way, per direction.
    public let losses: [ChannelDimension: Losses]
    public let seconds: Seconds

    public var dimension: ChannelDimension { quantized.dimension }
    /// L / ‖WX‖². Zero for a layer without output.
    public var relativeLoss: Double { relative(loss) }

    /// A loss as a share of ‖WX‖².
    public func relative(_ loss: Double) -> Double { outputEnergy > 0 ? loss / outputEnergy : 0 }
}
