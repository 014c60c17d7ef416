import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

extension TwoLevelSearch {
    /// Finds the grids of all rows of a weight [out, in], and leaves them in the table and in d·sc [out, in/g].
    /// - Parameter importance: h of each input [in, 1], in the order of the weight.
    @_specialize(where S == Float)
    @_specialize(where S == Double)
    func run(
        _ weight: MatrixView<S>, importance: MatrixView<S>, scales: MutableMatrixView<S>, _ table: TwoLevelView<S>
    ) {
        concurrently(weight.rows, by: 64) { rows in
            withMemory { memory in
                for block in 0..<weight.columns / TwoLevelType.superGroupSize {
                    prepare(importance, block, memory)
                    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: 8) {
                        let eight = start..<min(start + 8, rows.upperBound)
                        let unit = load(weight, eight, block, memory)
                        let found = search(memory, unit: unit)
                        store(found, memory, eight, block, scales, table)
                    }
                }
            }
        }
    }

    private func withMemory(_ body: (Memory) -> Void) {
        let size = TwoLevelType.superGroupSize
        let groups = size / type.groupSize
        withUnsafeTemporaryAllocation(of: Lanes.self, capacity: size + 6 * groups) { lanes in
            withUnsafeTemporaryAllocation(of: S.self, capacity: size + groups) { numbers in
                withUnsafeTemporaryAllocation(of: GroupMoments<S>.self, capacity: groups) { moments in
                    guard let lanes = lanes.baseAddress, let numbers = numbers.baseAddress,
                        let moments = moments.baseAddress
                    else { return }
                    func part(_ index: Int) -> UnsafeMutablePointer<Lanes> { lanes + size + index * groups }
                    body(
                        Memory(
                            weights: lanes, importance: numbers, sums: numbers + size, scale: part(0), offset: part(1),
                            best: .init(scale: part(2), offset: part(3)), tried: .init(scale: part(4), offset: part(5)),
                            moments: moments))
                }
            }
        }
    }

    /// Importances of a super-block's inputs over the largest of them; equal ones where all are zero.
    private func prepare(_ importance: MatrixView<S>, _ block: Int, _ memory: Memory) {
        let size = TwoLevelType.superGroupSize
        let source = importance.column(0) + block * size
        var largest = S.zero
        for j in 0..<size { largest = max(largest, source[j]) }
        for j in 0..<size { memory.importance[j] = largest > 0 ? source[j] / largest : 1 }
        for g in 0..<size / type.groupSize {
            memory.sums[g] = (0..<type.groupSize).reduce(S.zero) { $0 + memory.importance[g * type.groupSize + $1] }
        }
    }

    /// Copies up to eight rows of a super-block, each over a power of two at its largest weight.
    /// - Returns: those powers.
    private func load(_ weight: MatrixView<S>, _ rows: Range<Int>, _ block: Int, _ memory: Memory) -> Lanes {
        let size = TwoLevelType.superGroupSize
        var largest = Lanes.zero
        for j in 0..<size {
            let eight = load8(weight.column(block * size + j) + rows.lowerBound, rows.count, filling: 0)
            memory.weights[j] = eight
            largest = pointwiseMax(largest, pointwiseMax(eight, -eight))
        }
        var unit = Lanes(repeating: 1)
        for lane in 0..<8 where largest[lane] > 0 {
            // Weights far below the least number of float16 stay small.
            unit[lane] = S(sign: .plus, exponent: max(largest[lane].exponent, -60), significand: 1)
        }
        for j in 0..<size { memory.weights[j] /= unit }
        for g in 0..<size / type.groupSize {
            (memory.best.scale[g], memory.best.offset[g]) = (.zero, .zero)
        }
        return unit
    }

    private func store(
        _ found: Found, _ memory: Memory, _ rows: Range<Int>, _ block: Int, _ scales: MutableMatrixView<S>,
        _ table: TwoLevelView<S>
    ) {
        for (lane, i) in rows.enumerated() {
            table.superScales[i, block] = found.d[lane]
            table.superOffsets[i, block] = type.hasOffsets ? found.dmin[lane] : 0
            for g in 0..<table.groups {
                let column = block * table.groups + g
                let (sc, m) = (memory.best.scale[g][lane], memory.best.offset[g][lane])
                table.wholeScales[i, column] = Int8(sc)
                table.wholeOffsets[i, column] = UInt8(m)
                scales[i, column] = found.d[lane] * sc
                table.offsets[i, column] = table.superOffsets[i, block] * m
            }
        }
    }
}
