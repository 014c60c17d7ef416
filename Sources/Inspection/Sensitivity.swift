import AdaDimLinearAlgebra

/// How much the layer's outputs suffer when a weight is lost: s = d·w², with a factor d for each input channel. Two
/// measures are in use.
package enum SensitivityMeasure: String, Sendable, CaseIterable, Codable {
    /// d = 1/[(H+λI)⁻¹]ⱼⱼ: the loss if all other weights compensate for this one. Optimal Brain Surgeon (Hassibi and
    /// Stork, 1992), for layers in OBC (arXiv 2208.11580).
    case inverseHessian
    /// d = Hⱼⱼ: the loss if no other weight changes. Optimal Brain Damage (LeCun, Denker and Solla, 1989), for layers
    /// the square of Wanda's |w|·‖x‖ (arXiv 2306.11695).
    case hessianDiagonal
}

/// The sensitivity of a weight [out, in] by one measure, summed up along its two sides.
package struct Sensitivity: Sendable, Equatable {
    /// Σ over the outputs, for each input channel [in].
    package let inputs: [Double]
    /// Σ over the inputs, for each output channel [out].
    package let outputs: [Double]

    package init(inputs: [Double], outputs: [Double]) {
        self.inputs = inputs
        self.outputs = outputs
    }

    /// - Parameters:
    ///   - weight: W [out, in].
    ///   - factors: d for each input [in].
    init(of weight: Matrix<Float>, factors: [Double]) {
        precondition(factors.count == weight.columns, "\(factors.count) factors for \(weight.columns) inputs")
        inputs = weight.withView { view in (0..<view.columns).map { factors[$0] * view.squaredNorm(column: $0) } }
        var sums = [Double](repeating: 0, count: weight.rows)
        sums.withUnsafeMutableBufferPointer { buffer in
            // Each job has rows of its own.
            nonisolated(unsafe) let sums = buffer
            weight.withView { view in
                concurrently(view.rows, by: 512) { rows in
                    for j in 0..<view.columns {
                        let (column, factor) = (view.column(j), factors[j])
                        for i in rows { sums[i] += factor * Double(column[i]) * Double(column[i]) }
                    }
                }
            }
        }
        outputs = sums
    }

    /// The share of the whole in the most sensitive 1 % of the input channels, and their number.
    package var topInputs: TopShare { TopShare(of: inputs) }
    /// The same of the output channels.
    package var topOutputs: TopShare { TopShare(of: outputs) }

    /// The share of a sum that its largest terms hold.
    package struct TopShare: Sendable, Equatable, Codable {
        /// One in a hundred, rounded up.
        package let channels: Int
        /// How many channels there are.
        package let of: Int
        /// 0 to 1; of a sum of zeros, 0.
        package let share: Double

        package init(of terms: [Double]) {
            of = terms.count
            channels = (terms.count + 99) / 100
            let total = terms.reduce(0, +)
            let top = terms.sorted(by: >).prefix(channels).reduce(0, +)
            share = total > 0 ? top / total : 0
        }
    }
}

/// The largest sensitivity in each block of a weight: a picture of a matrix too large to look at.
package struct SensitivityMap: Sendable, Equatable {
    /// Blocks of outputs.
    package let rows: Int
    /// Blocks of inputs.
    package let columns: Int
    /// [rows, columns], row after row.
    package let values: [Float]

    package init(rows: Int, columns: Int, values: [Float]) {
        precondition(values.count == rows * columns, "\(values.count) values for a map [\(rows), \(columns)]")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// - Parameters:
    ///   - factors: d for each input [in].
    ///   - side: blocks along a side, at most.
    init(of weight: Matrix<Float>, factors: [Double], side: Int) {
        let rowBlocks = Blocks(count: weight.rows, most: side)
        let columnBlocks = Blocks(count: weight.columns, most: side)
        var values = [Float](repeating: 0, count: rowBlocks.blocks * columnBlocks.blocks)
        values.withUnsafeMutableBufferPointer { buffer in
            // Each job has a column of blocks of its own.
            nonisolated(unsafe) let values = buffer
            weight.withView { view in
                concurrently(columnBlocks.blocks) { block in
                    for j in columnBlocks[block] {
                        let (column, factor) = (view.column(j), factors[j])
                        for rowBlock in 0..<rowBlocks.blocks {
                            var largest: Float = 0
                            for i in rowBlocks[rowBlock] { largest = max(largest, abs(column[i])) }
                            let sensitivity = Float(factor * Double(largest) * Double(largest))
                            let place = rowBlock * columnBlocks.blocks + block
                            values[place] = max(values[place], sensitivity)
                        }
                    }
                }
            }
        }
        self.init(rows: rowBlocks.blocks, columns: columnBlocks.blocks, values: values)
    }
}

/// Cuts a range evenly into at most so many blocks.
package struct Blocks: Sendable {
    package let count: Int
    package let blocks: Int

    package init(count: Int, most: Int) {
        self.count = count
        blocks = min(count, most)
    }

    package subscript(block: Int) -> Range<Int> { block * count / blocks..<(block + 1) * count / blocks }
}
