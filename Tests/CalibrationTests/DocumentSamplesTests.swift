import AdaDimCalibration
import Testing

/// Sequences drawn from documents, never across an end.
@Suite struct DocumentSamplesTests {
    private func draw(
        _ source: TokenSource, samples: Int = 300, length: Int = 4
    ) throws -> CalibrationSamples {
        try CalibrationSamples(
            from: source, samples: samples, length: length, seed: 3, vocabularySize: 1000, maximumLength: 800)
    }

    /// Documents of so many tokens: document d has the ids 100·d, 100·d + 1, …
    private func documents(_ counts: [Int]) -> TokenSource {
        .documents(counts.enumerated().map { document, count in (0..<count).map { Int32(100 * document + $0) } })
    }

    @Test func everyPlaceWithRoomIsDrawnAndNoneAcrossAnEnd() throws {
        let drawn = try draw(documents([5, 3, 0, 4, 9]))
        #expect(drawn.sequences.allSatisfy { $0.count == 4 && $0[3] - $0[0] == 3 && $0[3] / 100 == $0[0] / 100 })
        // Nine places: each is missed with probability (8/9)³⁰⁰ ≈ 5·10⁻¹⁶.
        #expect(Set(drawn.sequences.map { $0[0] }) == [0, 1, 300, 400, 401, 402, 403, 404, 405])
        let notice = drawn.documents?.notice(file: "t.jsonl")
        #expect(
            notice
                == "t.jsonl: 2 of 5 documents have fewer tokens than a sequence, 4, and are left out, with them 3 of 21 tokens"
        )
    }

    /// One document is a text: the same seed draws the same sequences.
    @Test func oneDocumentIsDrawnFromAsATextIs() throws {
        let ids = (0..<500).map { Int32($0) }
        let (text, document) = (try draw(.text(ids)), try draw(.documents([ids])))
        #expect(text.sequences == document.sequences && text.documents == nil)
        #expect(document.documents?.notice(file: "") == nil)
    }

    @Test func noDocumentHasRoom() {
        #expect(throws: CorpusError.documentsTooShort(documents: 3, longest: 5, length: 6)) {
            try draw(documents([5, 3, 0]), length: 6)
        }
        #expect(
            "\(CorpusError.documentsTooShort(documents: 3, longest: 5, length: 6))"
                == "3 documents, the longest of 5 tokens, expected at least one sequence of 6: give longer documents or shorter sequences"
        )
    }
}
