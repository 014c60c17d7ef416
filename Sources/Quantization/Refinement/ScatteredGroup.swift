import AdaDimQuantizedMatrices

/// The columns of a per-OC group that no block of columns holds whole: wider than a block, or scattered by activation order.
struct ScatteredGroup: Sendable {
    let index: Int
    /// Ascending, counted as the weight's columns.
    let inputs: [Int]
    /// Their positions in the factor's order.
    let positions: [Int]

    /// All groups of a layout; none where every block holds its groups whole.
    static func all<S>(_ layout: GroupLayout, _ factor: GramFactor<S>) -> [ScatteredGroup] {
        guard layout.dimension == .perOutputChannel else { return [] }
        guard let order = factor.order else {
            guard layout.groupSize > SweepSchedule.blockWidth else { return [] }
            return (0..<layout.groupsPerChannel).map {
                let columns = Array(layout.range(ofGroup: $0))
                return ScatteredGroup(index: $0, inputs: columns, positions: columns)
            }
        }
        var places = [Int](repeating: 0, count: order.count)
        for (position, input) in order.enumerated() { places[input] = position }
        return (0..<layout.groupsPerChannel).map {
            let columns = Array(layout.range(ofGroup: $0))
            return ScatteredGroup(index: $0, inputs: columns, positions: columns.map { places[$0] })
        }
    }
}
