import AdaDimLinearAlgebra
import Synchronization

// Some rows of a quantized table: the embeddings of some tokens, without the rest of the vocabulary.

extension PackedMatrix {
    /// Writes rows of the dequantized weight, column k of `target` [in, count] being row `rowOf(k)`; each number rounded as by
    /// ``dequantize(into:as:)``.
    /// - Returns: whether all rounded numbers are finite.
    package func dequantizeRows(
        _ rowOf: @Sendable (Int) -> Int, into target: MutableMatrixView<Float>, as type: StoredFloat
    ) -> Bool {
        precondition(target.rows == layout.columns, "rows of \(layout.columns) weights into columns of \(target.rows)")
        let allFinite = Atomic<Bool>(true)
        let (codes, layout) = (codes, layout)
        withoutActuallyEscaping(rowOf) { rowOf in
            GroupValues.with(scales, zeroPoints, twoLevel?.effectiveOffsets) { values in
                concurrently(target.columns, by: 16) { range in
                    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: layout.columns) { buffer in
                        guard let base = buffer.baseAddress else { return }
                        let row = MutableMatrixView(base: base, rows: 1, columns: layout.columns, leadingDimension: 1)
                        for k in range {
                            let i = rowOf(k)
                            for run in PackingStrip.runs(of: layout.columns) {
                                PackingStrip.unpack(
                                    codes, rows: i..<i + 1, columns: run, into: row[rows: 0..<1, columns: run])
                            }
                            let output = target.column(k)
                            for j in 0..<layout.columns {
                                values.dequantize(i..<i + 1, ofColumn: j, row.column(j), layout) { output[j + $0] = $1 }
                            }
                            if !type.round(output, count: layout.columns) {
                                allFinite.store(false, ordering: .relaxed)
                            }
                        }
                    }
                }
            }
        }
        return allFinite.load(ordering: .relaxed)
    }
}

extension QuantizedMatrix {
    /// Rows of the dequantized weight, (code − zero)·scale − offset, one a column of the result [in, rows.count].
    /// - Precondition: there are such rows.
    package func dequantizedRows(_ rows: [Int]) -> Matrix<Float> {
        var result = Matrix<Float>(uninitialized: columns, rows.count)
        let layout = layout
        codes.withView { codes in
            GroupValues.with(scales, zeroPoints, offsets) { values in
                result.withMutableView { result in
                    concurrently(rows.count, by: 16) { range in
                        for k in range {
                            let (i, output) = (rows[k], result.column(k))
                            precondition(i >= 0 && i < layout.rows, "row \(i) of \(layout.rows)")
                            for j in 0..<layout.columns {
                                values.dequantize(i..<i + 1, ofColumn: j, codes.column(j) + i, layout) {
                                    output[j + $0] = $1
                                }
                            }
                        }
                    }
                }
            }
        }
        return result
    }
}
