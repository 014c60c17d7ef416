/// Blocks side by side in the given order, labelled by their numbers.
struct BlockAxis {
    let blocks: [Int]
    /// Pixels of the first block's left side, and of each block.
    let left: Double
    let step: Double

    var right: Double { left + step * Double(blocks.count) }

    /// The middle of a block.
    func middle(_ index: Int) -> Double { left + step * (Double(index) + 0.5) }

    /// Where block numbers jump: pixels between two blocks.
    var gaps: [Double] {
        zip(blocks, blocks.dropFirst()).enumerated().filter { $1.1.subtractingReportingOverflow($1.0) != (1, false) }
            .map { left + step * Double($0.offset + 1) }
    }

    /// Round numbers, and the first and the last, with room for the widest; every block has a tick where there is room for it.
    var ticks: [(x: Double, label: String?)] {
        let widest = blocks.map { TextWidth.of(String($0)) }.max() ?? 0
        let room = max(1, Int(((widest + 8) / max(step, 0.1)).rounded(.up)))
        let every = [1, 2, 5, 10, 20, 25, 50, 100].first { $0 >= room } ?? room
        return blocks.enumerated().compactMap { index, block in
            let isLabelled = block % every == 0 || index == 0 || index == blocks.count - 1
            guard isLabelled || step >= 5 else { return nil }
            return (middle(index), isLabelled ? String(block) : nil)
        }
    }
}
