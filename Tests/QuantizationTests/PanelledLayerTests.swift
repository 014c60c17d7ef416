import AdaDimLinearAlgebra
import AdaDimQuantization
import Synchronization
import Testing

/// A weight handed over in panels of rows gives what it gives at once.
@Suite struct PanelledLayerTests {
    private static let options: [QuantizationOptions] = [
        .init(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 16
            $0.direction = .adaptive(by: .roundToNearest)
        },
        .init(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 16
            $0.direction = .adaptive(by: .sweep)
        },
        .init(.fast) {
            $0.grid.bits = 4
            $0.grid.groupSize = 24
            $0.method = .roundToNearest
        },
        .init(.fast) {
            $0.grid.bits = 2
            $0.grid.groupSize = 150
            $0.factor.activationOrder = true
            $0.direction = .fixed(.perOutputChannel)
        },
        .init(.fast) {
            $0.grid.bits = 8
            $0.grid.groupSize = 50
            $0.direction = .fixed(.perInputChannel)
        },
        .init(.fast) {
            $0.grid.bits = 4
            $0.grid.groupSize = nil
            $0.direction = .adaptive(by: .sweep)
        },
    ]

    @Test(arguments: options, [1, 40, 64, 1000])
    func panelsGiveTheWhole(_ options: QuantizationOptions, _ panelRows: Int) throws {
        let layer = RandomLayer(out: 130, in: 150, seed: 17)
        let quantizer = try LayerQuantizer(gram: layer.gram, options: options)
        let expected = try quantizer.quantize(layer.weight)
        let shares = Mutex<[Double]>([])
        var panelled = try PanelledLayer(rows: 130, columns: 150, panelRows: panelRows, quantizer: quantizer) { share in
            shares.withLock { $0.append(share) }
        }
        var readings = 0
        while let rows = panelled.nextRows {
            readings += rows.count
            try panelled.add(Matrix(rows: rows.count, columns: 150) { layer.weight[rows.lowerBound + $0, $1] })
        }
        let found = try panelled.finished()
        let twice = options.method == .gptq && options.direction == .adaptive(by: .roundToNearest)
        #expect(readings == (twice ? 260 : 130))
        #expect(found.quantized == expected.quantized)
        #expect(found.losses.keys == expected.losses.keys)
        // Sums of the same squares in another order.
        #expect(abs(found.loss - expected.loss) <= 1e-12 * expected.outputEnergy)
        #expect(abs(found.outputEnergy - expected.outputEnergy) <= 1e-12 * expected.outputEnergy)
        // Rounding of the shares aside, the reported flops are those planned.
        let told = shares.withLock { $0 }
        #expect(told.allSatisfy { $0 > 0 && $0 <= 1 })
        #expect((told.max() ?? 0) > 1 - 1e-9)
    }

    @Test func aPanelOfAnotherShapeIsRefused() throws {
        let layer = RandomLayer(out: 100, in: 30, seed: 2)
        let quantizer = try LayerQuantizer(gram: layer.gram, options: .init(.fast) { $0.grid.groupSize = 10 })
        var panelled = try PanelledLayer(rows: 100, columns: 30, panelRows: 35, quantizer: quantizer)
        #expect(panelled.nextRows == 0..<40)
        #expect(
            throws: QuantizationError.panelMismatch(rows: 35, columns: 30, expectedRows: 0..<40, expectedColumns: 30)
        ) {
            try panelled.add(Matrix(repeating: 1, rows: 35, columns: 30))
        }
    }

    /// A second reading that is not what the first was: named too, and a right one may follow.
    @Test func aNumberThatIsNoneIsNamedInEveryPass() throws {
        let layer = RandomLayer(out: 100, in: 30, seed: 2)
        let quantizer = try LayerQuantizer(
            gram: layer.gram,
            options: .init(.fast) {
                $0.grid.groupSize = 10
                $0.direction = .adaptive(by: .roundToNearest)
            })
        var panelled = try PanelledLayer(rows: 100, columns: 30, panelRows: 40, quantizer: quantizer)
        func panel(_ rows: Range<Int>) -> Matrix<Double> {
            Matrix(rows: rows.count, columns: 30) { layer.weight[rows.lowerBound + $0, $1] }
        }
        var readings = 0
        while let rows = panelled.nextRows {
            if readings == 4 {
                #expect(rows == 40..<80)
                var bad = panel(rows)
                bad[7, 29] = .infinity
                #expect(throws: QuantizationError.nonFiniteWeight(output: 47, input: 29)) { try panelled.add(bad) }
                #expect(panelled.nextRows == rows)
            }
            try panelled.add(panel(rows))
            readings += 1
        }
        #expect(readings == 6)
        #expect(try panelled.finished().quantized == quantizer.quantize(layer.weight).quantized)
    }

    @Test func aNumberThatIsNoneIsNamedByItsPlaceInTheWhole() throws {
        let layer = RandomLayer(out: 100, in: 30, seed: 2)
        let quantizer = try LayerQuantizer(gram: layer.gram, options: .init(.fast) { $0.grid.groupSize = 10 })
        var panelled = try PanelledLayer(rows: 100, columns: 30, panelRows: 40, quantizer: quantizer)
        try panelled.add(Matrix(repeating: 1, rows: 40, columns: 30))
        var second = Matrix<Double>(repeating: 1, rows: 40, columns: 30)
        second[7, 29] = .nan
        #expect(throws: QuantizationError.nonFiniteWeight(output: 47, input: 29)) { try panelled.add(second) }
    }
}
