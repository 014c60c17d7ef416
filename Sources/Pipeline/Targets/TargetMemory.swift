/// What targets hold in memory besides what plain quantization holds: numbers of things whose sizes the model gives.
struct TargetMemory: Sendable, Equatable {
    /// Streams of all calibration tokens, the one that plain quantization has included.
    var streams = 1
    /// Copies of the current block.
    var untouchedBlocks = 0
    /// Matrices [in, in] next to the Gram matrix.
    var squares = 0
    /// Matrices [out, in] next to the Gram matrix, where a stage's output is added to the residual stream.
    var residualShifts = 0
    /// Matrices [out, in] as long as a layer is quantized.
    var weightsPerLayer = 0
    /// Matrices [out, in] once a layer's codes are found: at least its dequantized weight.
    var weightsWhileMeasured = 1
    /// Copies of a batch's input while sums are formed, and besides them where tokens are weighted.
    var inputsWhileSummed = 0
    var weightedInputsWhileSummed = 0
}
