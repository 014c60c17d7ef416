import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Glibc

/// How the error of plain rounding is spread over a layer's groups, in one direction and in the other, on common bins.
///
/// The error of a group is Σ (w−q)²·Hⱼⱼ over its weights as a share of ‖WX‖²: what it would lose if no two inputs were
/// correlated.
package struct GroupErrors: Sendable, Equatable {
    /// How many groups there are of each direction, bin by bin.
    package let counts: [ChannelDimension: [Int]]
    /// Groups without any error, which no bin holds.
    package let exact: [ChannelDimension: Int]
    /// log₁₀ of the errors at the first bin's beginning and at the last one's end.
    package let range: ClosedRange<Double>

    package init(counts: [ChannelDimension: [Int]], exact: [ChannelDimension: Int], range: ClosedRange<Double>) {
        self.counts = counts
        self.exact = exact
        self.range = range
    }

    /// - Parameter errors: of each group, 0 or more.
    package init(_ errors: [ChannelDimension: [Double]], bins: Int) {
        let logarithms = errors.mapValues { $0.filter { $0 > 0 }.map(log10) }
        let all = logarithms.values.joined()
        let (low, high) = (all.min() ?? 0, all.max() ?? 0)
        let width = max(high - low, 1e-9)
        counts = logarithms.mapValues { values in
            var counts = [Int](repeating: 0, count: bins)
            for value in values { counts[min(bins - 1, Int((value - low) / width * Double(bins)))] += 1 }
            return counts
        }
        exact = errors.mapValues { $0.count { $0 == 0 } }
        range = low...max(high, low + 1e-9)
    }

    /// Σ (w−q)²·Hⱼⱼ of every group of a direction.
    /// - Parameters:
    ///   - error: W − Q [out, in].
    ///   - diagonal: Hⱼⱼ [in].
    static func errors(_ error: Matrix<Float>, _ layout: GroupLayout, diagonal: [Double]) -> [Double] {
        let groups = layout.groupsPerChannel
        let channels = layout.rows * layout.columns / layout.channelLength
        var errors = [Double](repeating: 0, count: channels * groups)
        errors.withUnsafeMutableBufferPointer { buffer in
            // Each job has rows or columns of its own.
            nonisolated(unsafe) let errors = buffer
            error.withView { error in
                switch layout.dimension {
                case .perOutputChannel:
                    concurrently(layout.rows, by: 512) { rows in
                        for j in 0..<layout.columns {
                            let (column, factor) = (error.column(j), diagonal[j])
                            let sums = j / layout.groupSize * layout.rows
                            for i in rows { errors[sums + i] += factor * Double(column[i]) * Double(column[i]) }
                        }
                    }
                case .perInputChannel:
                    concurrently(layout.columns, by: 16) { columns in
                        for j in columns {
                            for group in 0..<groups {
                                let start = group * layout.groupSize
                                let rows = start..<min(layout.rows, start + layout.groupSize)
                                let part = error[rows: rows, columns: j..<j + 1]
                                errors[j * groups + group] = diagonal[j] * part.squaredNorm(column: 0)
                            }
                        }
                    }
                }
            }
        }
        return errors
    }
}
