import AdaDimCalibration
import Testing

@Suite struct CalibrationSamplesTests {
    private let text = TokenSource.text((0..<1000).map { Int32($0) })

    private func draw(
        _ source: TokenSource, samples: Int? = nil, length: Int? = nil, seed: UInt64 = 0
    ) throws -> CalibrationSamples {
        try CalibrationSamples(
            from: source, samples: samples, length: length, seed: seed, vocabularySize: 1000, maximumLength: 800)
    }

    @Test func sequencesAreConsecutiveRunsFromEverywhere() throws {
        let drawn = try draw(text, samples: 4000, length: 10)
        #expect(drawn.tokens == 40_000)
        for sequence in drawn.sequences {
            #expect(zip(sequence, sequence.dropFirst()).allSatisfy { $0 + 1 == $1 } && sequence.count == 10)
        }
        let starts = drawn.sequences.map { $0[0] }
        // 991 starts, 4000 draws: a start is missed with probability e⁻⁴, so some 18 are.
        #expect(Set(starts).count > 940 && (starts.max() ?? 0) > 980 && (starts.min() ?? 99) < 10)
    }

    @Test func theSeedDecides() throws {
        #expect(try draw(text, length: 10) == draw(text, length: 10))
        #expect(try draw(text, length: 10) != draw(text, length: 10, seed: 1))
        // SplitMix64 and the standard library's way to a range, pinned: a change would draw other samples from old
        // seeds.
        #expect(try draw(text, samples: 3, length: 10).sequences.map { $0[0] } == Self.pinnedStarts)
    }

    private static let pinnedStarts: [Int32] = [875, 427, 26]

    @Test func defaultsAre128Of512() throws {
        let drawn = try draw(text)
        #expect(drawn.sequences.count == 128 && drawn.sequences.allSatisfy { $0.count == 512 })
    }

    @Test func readyMadeSequencesAreTakenAsTheyAre() throws {
        let rows: [[Int32]] = [[1, 2], [3, 4], [5, 6]]
        #expect(try draw(.sequences(rows)).sequences == rows)
        #expect(try draw(.sequences(rows), samples: 2).sequences == [[1, 2], [3, 4]])
        #expect(throws: CorpusError.lengthMismatch(found: 2, expected: 3)) { try draw(.sequences(rows), length: 3) }
        #expect(throws: CorpusError.tooFewSequences(found: 3, expected: 4)) { try draw(.sequences(rows), samples: 4) }
    }

    @Test func textOfExactlyOneSequenceDoes() throws {
        let drawn = try draw(.text([7, 8, 9]), samples: 2, length: 3)
        #expect(drawn.sequences == [[7, 8, 9], [7, 8, 9]])
    }
}
