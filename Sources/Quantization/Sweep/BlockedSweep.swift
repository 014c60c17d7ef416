import AdaDimLinearAlgebra

/// What a sweep leaves: the quantized weight and its losses.
package struct SweptWeight: Sendable {
    package let quantized: QuantizedMatrix
    /// Σⱼ Vⱼⱼ²·‖w′ⱼ − Qⱼ‖² = tr((W−Q)(H+λI)(W−Q)ᵀ), which the sweep gives for free.
    package let dampedLoss: Double
    /// The damped loss less the damping's share: L = tr((W−Q)·H·(W−Q)ᵀ).
    package let loss: Double
}

/// GPTQ's column sweep without an inverse, in blocks. With F = V·diag(V)⁻¹:
///
///     w′ⱼ = Wⱼ + Σ_{k<j} (W_k − Q_k)·F_kj          Qⱼ = grid(w′ⱼ)
///
/// One `gemm` a block brings in the errors of all earlier columns; inside the block, tiles of rows are independent jobs
/// (``SweepTile``). out·in² flops. The codes are those of ``referenceSweep(_:_:_:_:)``, up to rounding.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | v | [in, in] | V, upper triangle, column j at its own place |
/// | e | [out, in] | W before a column's turn, its error W − Q after |
/// | s | [out, block] | Σ_{k before the block} e_k·V_kj, not yet divided by Vⱼⱼ |
///
/// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)``, ``QuantizationError/lossNotFinite``.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func blockedSweep<S: RealScalar>(
    _ weight: Matrix<S>, _ factor: GramFactor<S>, _ grid: UniformGrid, _ layout: GroupLayout
) throws(QuantizationError) -> SweptWeight {
    var table = GridTable<S>(grid, layout)
    // In activation order a per-OC group's columns come up scattered: its grid is set beforehand, from the weight.
    let perOutputChannel = layout.dimension == .perOutputChannel
    let setsAllBefore = factor.order != nil && perOutputChannel
    if setsAllBefore { table.setAllGroups(from: weight) }
    let schedule = SweepSchedule(layout, gridsAreSet: setsAllBefore)
    // Before a block that it holds is swept, a group wider than a block has its grid too.
    let tilesFindGrids = !(setsAllBefore || perOutputChannel && layout.groupSize > SweepSchedule.blockWidth)

    var e = factor.ordered(weight)
    var codes = Matrix<UInt8>(uninitialized: layout.rows, layout.columns)
    var s = Matrix<S>(uninitialized: layout.rows, min(SweepSchedule.blockWidth, layout.columns))
    let tileRows = SweepTile<S>.rows(for: layout)
    var dampedLoss = 0.0
    var ridgeShare = 0.0

    for block in schedule.blocks {
        if let group = block.startsWideGroup {
            table.setWideGroup(group, from: e, factor)
        }
        let losses = factor.storage.withView { v in
            s.withMutableView { s in
                let s = s[rows: 0..<layout.rows, columns: 0..<block.columns.count]
                return e.withMutableView { e in
                    bringInEarlierErrors(before: block.columns, e.reading, v, into: s)
                    return codes.withMutableView { codes in
                        table.sweepTiles(
                            of: block, factor, v: v, e: e, s: s, codes: codes, tileRows: tileRows,
                            findingGrids: tilesFindGrids)
                    }
                }
            }
        }
        dampedLoss += losses.damped
        ridgeShare += losses.ridge
    }
    let quantized = try table.quantized(codes: codes)
    guard dampedLoss.isFinite && ridgeShare.isFinite else { throw .lossNotFinite }
    return SweptWeight(quantized: quantized, dampedLoss: dampedLoss, loss: max(0, dampedLoss - ridgeShare))
}

/// s ← e[:, 0 ..< j₀]·V[0 ..< j₀, block], the errors of all columns before the block.
private func bringInEarlierErrors<S: RealScalar>(
    before block: Range<Int>, _ e: MatrixView<S>, _ v: MatrixView<S>, into s: MutableMatrixView<S>
) {
    if block.lowerBound == 0 {
        s.fill(with: 0)
    } else {
        gemm(
            1, e[rows: 0..<e.rows, columns: 0..<block.lowerBound], .none,
            v[rows: 0..<block.lowerBound, columns: block], .none, 0, s)
    }
}

extension GridTable {
    /// Sets the grid of a per-OC group wider than a block from GPTQ's updated weights of that group when the sweep
    /// reaches its first column j₀: W_g + [Σ_{k<j₀} e_k·F_kg]·F_gg⁻¹, where the diagonal scaling of F cancels: the
    /// bracket is [Σ e_k·V_kg]·V_gg⁻¹.
    fileprivate mutating func setWideGroup(_ group: Int, from e: Matrix<S>, _ factor: GramFactor<S>) {
        let range = layout.range(ofGroup: group)
        let rows = 0..<layout.rows
        guard range.lowerBound > 0 else {
            e.withView { setOutputChannelGroup(group, from: $0, columns: range) }
            return
        }
        var updated = Matrix<S>(uninitialized: layout.rows, range.count)
        factor.storage.withView { v in
            e.withView { e in
                updated.withMutableView { updated in
                    bringInEarlierErrors(before: range, e, v, into: updated)
                    trsm(.right, .upper, .none, .stored, 1, v[rows: range, columns: range], updated)
                    concurrently(range.count) { j in
                        let (sum, weight) = (updated.column(j), e.column(range.lowerBound + j))
                        for i in rows { sum[i] += weight[i] }
                    }
                }
            }
        }
        updated.withView { setOutputChannelGroup(group, from: $0, columns: 0..<range.count) }
    }

    /// Sweeps one block, tile by tile, tiles side by side on all threads; returns the block's loss and the ridge's share
    /// of it, summed in the order of the tiles whatever thread ran them.
    fileprivate mutating func sweepTiles(
        of block: SweepSchedule.Block, _ factor: GramFactor<S>, v: MatrixView<S>, e: MutableMatrixView<S>,
        s: MutableMatrixView<S>, codes: MutableMatrixView<UInt8>, tileRows: Int, findingGrids: Bool
    ) -> (damped: Double, ridge: Double) {
        let (grid, layout) = (grid, layout)
        let tiles = (layout.rows + tileRows - 1) / tileRows
        var losses = Matrix<Double>(repeating: 0, rows: 2, columns: tiles)
        scales.withMutableView { scales in
            zeros.withMutableView { zeros in
                losses.withMutableView { losses in
                    concurrently(tiles) { tile in
                        let rows = tile * tileRows..<min(layout.rows, (tile + 1) * tileRows)
                        let work = SweepTile(
                            rows: rows, columns: block.columns, grid: grid, layout: layout, factor: factor, v: v,
                            scales: scales, zeros: zeros)
                        (losses[0, tile], losses[1, tile]) = work.sweep(
                            e: e, s: s, codes: codes, findingGrids: findingGrids)
                    }
                }
            }
        }
        return losses.withView { losses in
            (0..<tiles).reduce(into: (0, 0)) { $0 = ($0.0 + losses[0, $1], $0.1 + losses[1, $1]) }
        }
    }
}
