extension Gram where Scalar == Float {
    /// The same matrix in Double, for computations that Float has not digits enough for: a copy of its lower triangle.
    package func widened() throws(GramError) -> Gram<Double> {
        do {
            let result = try Workspace<Double>(allocating: order, order)
            lower.withView { source in
                concurrently(order) { j in
                    let (from, to) = (source.column(j), result.view.column(j))
                    for i in j..<source.rows { to[i] = Double(from[i]) }
                }
            }
            return Gram<Double>(lower: Matrix(result), tokens: tokens)
        } catch {
            throw .outOfMemory(error)
        }
    }
}
