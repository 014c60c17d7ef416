extension Matrix where Element == Float {
    /// The Gram matrix, in Double, whose strict lower triangle this square matrix holds and whose diagonal [in, 1] stands
    /// apart: a copy, for computations that Float has not digits enough for.
    package func widenedGram(diagonal: Matrix<Float>, tokens: Int) throws(OutOfMemory) -> Gram<Double> {
        precondition(
            rows == columns && diagonal.rows == rows, "[\(rows), \(columns)] with \(diagonal.rows) diagonal elements")
        let result = try Workspace<Double>(allocating: rows, rows)
        withView { source in
            diagonal.withView { diagonal in
                concurrently(source.rows) { j in
                    let (from, to) = (source.column(j), result.view.column(j))
                    to[j] = Double(diagonal[j, 0])
                    for i in j + 1..<max(j + 1, source.rows) { to[i] = Double(from[i]) }
                }
            }
        }
        return Gram<Double>(lower: Matrix<Double>(result), tokens: tokens)
    }
}
