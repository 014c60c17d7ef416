import AdaDimHTMLReport
import Testing

/// Long rows of numbers as the largest of each block.
@Suite struct BlockMaximaTests {
    @Test(arguments: [0, 1, 12345, 28670, 28671]) func oneChannelAmongManyIsStillThere(channel: Int) {
        var values = [Double](repeating: 1, count: 28672)
        values[channel] = 100
        let reduced = BlockMaxima(values, most: 256)
        #expect(reduced.count == 28672)
        #expect(reduced.values.count == 256)
        #expect(reduced.values.firstIndex(of: 100) == channel / 112)
        #expect(reduced.values.count { $0 == 1 } == 255)
    }

    @Test func fewValuesStayAsTheyAre() {
        #expect(BlockMaxima([3, 1, 2], most: 4).values == [3, 1, 2])
        #expect(BlockMaxima([], most: 4).values == [])
        // Blocks of 1, 2 and 2.
        #expect(BlockMaxima([5, 4, 3, 2, 1], most: 3).values == [5, 4, 2])
    }

    @Test func whatIsNoNumberDoesNotHideOthers() {
        #expect(BlockMaxima([.nan, -2, .infinity, -1], most: 2).values == [-2, -1])
        #expect(BlockMaxima([.nan, .infinity], most: 1).values[0].isNaN)
    }

    @Test func matricesAreReducedInBothDirections() {
        let values: [Float] = [
            1, 2, 3, 4,
            5, .nan, 7, 0,
            9, 1, .nan, .nan,
            1, 1, .nan, .nan,
        ]
        let reduced = BlockMaxima.reduce(values, rows: 4, columns: 4, most: 2)
        #expect(reduced.rows == 2)
        #expect(reduced.columns == 2)
        #expect(Array(reduced.values.prefix(3)) == [5, 7, 9])
        #expect(reduced.values[3].isNaN)
    }

    @Test func aMatrixOfTooFewValuesHasNoneAtItsEnd() {
        let reduced = BlockMaxima.reduce([1, 2], rows: 2, columns: 2, most: 96)
        #expect(Array(reduced.values.prefix(2)) == [1, 2])
        #expect(reduced.values.count { $0.isNaN } == 2)
    }
}
