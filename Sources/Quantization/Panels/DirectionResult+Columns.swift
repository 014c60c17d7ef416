import AdaDimLinearAlgebra

extension DirectionResult {
    /// The per-OC grids of a tile's rows at one input, copied into its memory.
    @inline(__always)
    func columnGrid(ofInput input: Int, _ rows: TileRows, _ memory: TileMemory<S>) -> TileKernels.ColumnGrid<S> {
        let group = input / layout.groupSize
        rows.copyIn(scales.column(group), to: memory.scale, padding: 1)
        rows.copyIn(zeros.column(group), to: memory.zero)
        var columnGrid = TileKernels.ColumnGrid<S>(
            scales: UnsafePointer(memory.scale), zeros: UnsafePointer(memory.zero), step: 1,
            largestCode: S(grid.largestCode))
        if let twoLevel {
            rows.copyIn(twoLevel.offsets.column(group), to: memory.offset)
            columnGrid.offsets = UnsafePointer(memory.offset)
        }
        return columnGrid
    }
}
