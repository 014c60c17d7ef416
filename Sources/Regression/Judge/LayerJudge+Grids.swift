import AdaDimLinearAlgebra
import AdaDimQuantization

extension LayerJudge {
    /// The scale and zero point of every group against the weights that they must have been set from:
    /// - round to nearest, and per-OC groups in activation order: W itself;
    /// - per-IC: w′ of the column;
    /// - per-OC: GPTQ's updated weights when the sweep reaches the group's first column j₀, W_g + x with
    ///   x·V_gg = Σ_{k<j₀} (W−Q)_k·V_kg.
    ///
    /// With MSE clipping, the check is instead that these are the best of the group.
    ///
    /// Two-level grids are on their lattice instead, and lose no more than simple ones of W itself.
    func judgeGrids(into findings: inout Findings) {
        if let type = options.grid.twoLevel {
            judgeLattice(type, into: &findings)
            return judgeSearch(type, into: &findings)
        }
        let rules = GridRules(options, epsilon: factor.epsilon)
        var (worst, searched) = (GridCheck(rules), SearchedRangeCheck(rules))
        let isSwept = layer.method == .gptq
        switch groups.dimension {
        case .perOutputChannel:
            for (group, range) in groups.ranges.enumerated() {
                let isUpdated = isSwept && factor.order == nil && range.lowerBound > 0
                let members = isUpdated ? updatedGroup(range) : originalGroup(range)
                let importance = range.map { self.importance(ofInput: $0) }
                for i in 0..<groups.out {
                    check(
                        &worst, &searched, members, (0..<range.count).map { (i, $0) }, importance,
                        scaleAt: (i, group))
                }
            }
        case .perInputChannel:
            for j in 0..<groups.inputs {
                let members = isSwept ? updatedColumn(j) : originalColumn(j)
                for (group, range) in groups.ranges.enumerated() {
                    check(
                        &worst, &searched, members, range.map { ($0, 0) }, range.map { _ in 1 },
                        scaleAt: (group, factor.order?[j] ?? j))
                }
            }
        }
        if options.grid.ranges == .search {
            findings.add(.ranges, ratio: searched.worst.ratio, searched.text)
        } else {
            findings.add(.grids, ratio: worst.ratio, worst.text)
        }
    }

    /// What an error counts in a search of ranges: H's diagonal, or where that is zero what was added to it.
    func importance(ofInput input: Int) -> Double {
        let position = factor.order?.firstIndex(of: input) ?? input
        let diagonal = factor.gram[position, position]
        return diagonal == 0 ? factor.ridge[position] : diagonal
    }

    /// Weights of a window and the error that each may have.
    private struct Members {
        let value: Matrix<Double>
        let error: Matrix<Double>
    }

    private func check(
        _ worst: inout GridCheck, _ searched: inout SearchedRangeCheck, _ members: Members, _ places: [(Int, Int)],
        _ importance: [Double], scaleAt place: (Int, Int)
    ) {
        let (scale, zero) = (
            Double(layer.quantized.scales[place.0, place.1]), Double(layer.quantized.zeroPoints[place.0, place.1])
        )
        if options.grid.ranges == .search {
            let group = zip(places, importance).map { place, importance in
                SearchedRangeCheck.Member(
                    value: members.value[place.0, place.1], error: members.error[place.0, place.1],
                    importance: importance)
            }
            return searched.check(group, scale: scale, zero: zero, at: place)
        }
        var low = (least: 0.0, most: 0.0)
        var high = (least: 0.0, most: 0.0)
        for (i, j) in places {
            let (value, error) = (members.value[i, j], members.error[i, j])
            low = (min(low.least, value - error), min(low.most, value + error))
            high = (max(high.least, value - error), max(high.most, value + error))
        }
        worst.check(low: low, high: high, scale: scale, zero: zero, at: place)
    }

    /// W of a per-OC group; in act-order its columns are scattered.
    private func originalGroup(_ range: Range<Int>) -> Members {
        var position = Array(0..<groups.inputs)
        if let order = factor.order { for (place, input) in order.enumerated() { position[input] = place } }
        return exact(Matrix(rows: groups.out, columns: range.count) { weight[$0, position[range.lowerBound + $1]] })
    }

    private func originalColumn(_ j: Int) -> Members { exact(weight.columns(j..<j + 1)) }

    private func exact(_ value: Matrix<Double>) -> Members {
        Members(value: value, error: Matrix(repeating: 0, rows: value.rows, columns: value.columns))
    }

    /// w′ of a column, with the same τ as its codes have.
    private func updatedColumn(_ j: Int) -> Members {
        let (pivot, n, epsilon) = (factor.upper[j, j], Double(factor.inputs), factor.epsilon)
        return Members(
            value: Matrix(rows: groups.out, columns: 1) { i, _ in values[i, j] + loss.image[i, j] / pivot },
            error: Matrix(rows: groups.out, columns: 1) { i, _ in
                epsilon * ((n + 8) * loss.magnitude[i, j] / pivot + 4 * abs(weight[i, j]))
            })
    }

    /// W_g + x. The sums carry (n+8)·eps·|E|·|V_g|, the triangular solve (n+8)·eps·|x|·|V_gg|, and both reach x through
    /// |V_gg⁻¹| (Higham, theorem 8.5).
    private func updatedGroup(_ range: Range<Int>) -> Members {
        let (n, epsilon) = (Double(factor.inputs), factor.epsilon)
        let v = factor.upper.window(rows: range, columns: range)
        let own = multiplied(error.columns(range), by: v)
        let all = loss.image.columns(range)
        var x = Matrix(rows: groups.out, columns: range.count) { all[$0, $1] - own[$0, $1] }
        x.withMutableView { x in v.withView { trsm(.right, .upper, .none, .stored, 1, $0, x) } }
        var inverse = v
        // V's diagonal is positive, or the factor has failed already.
        try? inverse.withMutableView { (view) throws(FactorizationError) in try trtri(.upper, .stored, view) }
        let solved = multiplied(x.magnitudes, by: v.magnitudes)
        let summed = loss.magnitude.columns(range)
        let sizes = Matrix(rows: groups.out, columns: range.count) { summed[$0, $1] + solved[$0, $1] }
        let spread = multiplied(sizes, by: inverse.magnitudes)
        return Members(
            value: Matrix(rows: groups.out, columns: range.count) { weight[$0, range.lowerBound + $1] + x[$0, $1] },
            error: Matrix(rows: groups.out, columns: range.count) { i, j in
                epsilon * ((n + 8) * spread[i, j] + 4 * abs(weight[i, range.lowerBound + j]))
            })
    }

    private func multiplied(_ a: Matrix<Double>, by upper: Matrix<Double>) -> Matrix<Double> {
        var product = a
        product.withMutableView { product in upper.withView { trmm(.right, .upper, .none, .stored, 1, $0, product) } }
        return product
    }
}
