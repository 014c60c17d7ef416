import AdaDimLinearAlgebra

/// What is summed up of a linear layer's inputs, channel by channel, while batches of them come by. In Double, and about
/// each channel's own mean, so that a channel far from zero loses no digits; batches are joined by Pébay's formulas
/// (Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments, Sandia
/// report 2008-6212).
package struct ActivationMoments: Sendable {
    private var channels: [Moments]

    package init(channels count: Int) {
        channels = [Moments](repeating: Moments(), count: count)
    }

    /// Sums of one channel: of (x − mean)ᵏ for k from 2 to 4, and of |x|.
    fileprivate struct Moments: Sendable {
        var count = 0.0
        var mean = 0.0
        var second = 0.0
        var third = 0.0
        var fourth = 0.0
        var magnitude = 0.0
        var largest: Float = 0

        mutating func join(_ other: Moments) {
            let (a, b) = (count, other.count)
            let all = a + b
            guard a > 0 else {
                self = other
                return
            }
            let delta = other.mean - mean
            let share = delta / all
            fourth +=
                other.fourth + delta * share * share * share * a * b * (a * a - a * b + b * b)
                + 6 * share * share * (a * a * other.second + b * b * second)
                + 4 * share * (a * other.third - b * third)
            third +=
                other.third + delta * share * share * a * b * (a - b) + 3 * share * (a * other.second - b * second)
            second += other.second + delta * share * a * b
            mean += share * b
            magnitude += other.magnitude
            largest = max(largest, other.largest)
            count = all
        }
    }

    /// Channels and tokens that one job has in cache at a time.
    private static let channelRun = 256
    private static let tokenRun = 256

    /// Adds a batch of inputs [in, tokens], a token a column; all finite.
    /// - Complexity: reads the batch twice, on all threads.
    package mutating func accumulate(_ inputs: MatrixView<Float>) {
        precondition(inputs.rows == channels.count, "\(inputs.rows) inputs for \(channels.count) channels")
        channels.withUnsafeMutableBufferPointer { buffer in
            // Each job has channels of its own.
            nonisolated(unsafe) let channels = buffer
            concurrently(inputs.rows, by: Self.channelRun) { rows in
                let run = RunSums(capacity: rows.count)
                for start in stride(from: 0, to: inputs.columns, by: Self.tokenRun) {
                    let tokens = start..<min(start + Self.tokenRun, inputs.columns)
                    run.sum(inputs[rows: rows, columns: tokens])
                    for (i, row) in rows.enumerated() { channels[row].join(run.moments(of: i, tokens: tokens.count)) }
                }
            }
        }
    }

    /// What the channels are like by now.
    package var figures: ActivationFigures {
        ActivationFigures(
            tokens: Int(channels.first?.count ?? 0),
            meanMagnitude: channels.map { $0.magnitude / max($0.count, 1) },
            rootMeanSquare: channels.map { ($0.second / max($0.count, 1) + $0.mean * $0.mean).squareRoot() },
            largestMagnitude: channels.map { Double($0.largest) },
            kurtosis: channels.map { $0.second > 0 ? $0.fourth * $0.count / ($0.second * $0.second) : .nan })
    }
}

/// Sums over a run of tokens for a run of channels, in plain loops along the channels, which are adjacent in memory.
private final class RunSums {
    private let memory: UnsafeMutablePointer<Double>
    private let largest: UnsafeMutablePointer<Float>
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        memory = .allocate(capacity: 5 * capacity)
        largest = .allocate(capacity: capacity)
    }

    deinit {
        memory.deallocate()
        largest.deallocate()
    }

    private var mean: UnsafeMutablePointer<Double> { memory }
    private var magnitude: UnsafeMutablePointer<Double> { memory + capacity }
    private var second: UnsafeMutablePointer<Double> { memory + 2 * capacity }
    private var third: UnsafeMutablePointer<Double> { memory + 3 * capacity }
    private var fourth: UnsafeMutablePointer<Double> { memory + 4 * capacity }

    func sum(_ inputs: MatrixView<Float>) {
        let (mean, magnitude, largest) = (mean, magnitude, largest)
        let (second, third, fourth) = (second, third, fourth)
        memory.update(repeating: 0, count: 5 * capacity)
        largest.update(repeating: 0, count: capacity)
        for token in 0..<inputs.columns {
            let values = inputs.column(token)
            for i in 0..<inputs.rows {
                let x = values[i]
                mean[i] += Double(x)
                magnitude[i] += Double(abs(x))
                largest[i] = max(largest[i], abs(x))
            }
        }
        for i in 0..<inputs.rows { mean[i] /= Double(inputs.columns) }
        for token in 0..<inputs.columns {
            let values = inputs.column(token)
            for i in 0..<inputs.rows {
                let deviation = Double(values[i]) - mean[i]
                let square = deviation * deviation
                second[i] += square
                third[i] += square * deviation
                fourth[i] += square * square
            }
        }
    }

    func moments(of i: Int, tokens: Int) -> ActivationMoments.Moments {
        .init(
            count: Double(tokens), mean: mean[i], second: second[i], third: third[i], fourth: fourth[i],
            magnitude: magnitude[i], largest: largest[i])
    }
}
