/// One line of the results; the keys are those of the JSON file.
struct Row: Codable, Sendable {
    var work: String
    /// "environment": OpenBLAS's kernels as the environment has them chosen; "native": its own choice.
    var kernel: String
    var seconds: Double
    /// Needed flops over the time, in 10⁹ per second.
    var gflops: Double
    /// Of the `sgemm` rate, 4096³ with the same threads, measured before and after.
    var shareOfSgemm: Double
    var peerSeconds: Double?
    /// The peer's time over ours.
    var peerRatio: Double?
    /// How wrong the result is, next to nothing if all is well (README.md says what is compared).
    var residual: Double?
    /// What quantization loses, relative to ‖WX‖²; where something is quantized.
    var relativeLoss: Double?

    enum CodingKeys: String, CodingKey {
        case work, kernel, seconds, gflops
        case shareOfSgemm = "share_of_sgemm"
        case peerSeconds = "peer_seconds"
        case peerRatio = "peer_ratio"
        case residual
        case relativeLoss = "relative_loss"
    }
}

/// What one process measured.
struct ChildResults: Codable, Sendable {
    var core: String
    var configuration: String
    var rows: [Row] = []
    /// Ratios that a table's row cannot hold, as sentences.
    var notes: [String] = []
}

extension Array where Element == Double {
    /// The middle one, or the mean of the two in the middle.
    var median: Double {
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
