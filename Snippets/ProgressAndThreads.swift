// Progress, cancelling, threads.
import AdaDim
import Dispatch
import Synchronization

// snippet.hide
/// Noise between -1 and 1, the same on every machine.
func noise(_ seed: Int) -> Float {
    var bits = (UInt64(truncatingIfNeeded: seed) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ (bits >> 29)) &* 0xbf58_476d_1ce4_e5b9
    return Float(bits >> 48) / 32768 - 1
}

func example() throws {
    let (out, inputs, tokens) = (192, 256, 512)
    func weight(_ seed: Int) -> Matrix<Float> {
        Matrix(rows: out, columns: inputs) { noise(($0 * inputs + $1) * 8 + seed) / 16 }
    }
    let weights = [weight(0), weight(1), weight(2)]
    let activations = Matrix<Float>(rows: inputs, columns: tokens) { noise(($1 * inputs + $0) * 8 + 7) }
    var gram = try Gram<Float>(order: inputs)
    try gram.accumulate(activations)
    // snippet.show

    // snippet.progress
    let quantizer = try LayerQuantizer(gram: consume gram, options: .init()) { share in
        print("factor", share)
    }
    let layer = try quantizer.quantize(weights[0]) { share in
        print("layer", share)
    }
    // snippet.end

    // snippet.cancel
    let cancellation = Cancellation()
    // From anywhere: a signal's handler, a window's button, a task that was cancelled.
    DispatchQueue.global().async { cancellation.cancel() }
    do {
        _ = try quantizer.quantize(weights[0], cancellation: cancellation)
    } catch .cancelled {
        print("stopped")
    } catch {
        print(error)
    }
    // snippet.end

    // snippet.threads
    BLASLibrary.threadCount = 2
    // snippet.end

    // snippet.callers
    let losses = Mutex<[Int: Double]>([:])
    DispatchQueue.concurrentPerform(iterations: weights.count) { index in
        guard let layer = try? quantizer.quantize(weights[index]) else { return }
        losses.withLock { $0[index] = layer.relativeLoss }
    }
    // snippet.end

    // snippet.hide
    precondition(losses.withLock { $0[0] } == layer.relativeLoss, "callers on several threads change the loss")
    precondition(losses.withLock { $0.count } == weights.count, "a caller failed")
    cancellation.cancel()
    do throws(QuantizationError) {
        _ = try quantizer.quantize(weights[0], cancellation: cancellation)
        preconditionFailure("cancelled work that did not stop")
    } catch {
        precondition(error == .cancelled, "\(error)")
    }
}

// snippet.show
// snippet.kernels
BLASLibrary.startAgainWithBestKernels()
// snippet.end

// snippet.hide
try example()
