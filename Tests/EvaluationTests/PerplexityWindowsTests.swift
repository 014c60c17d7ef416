import AdaDimEvaluation
import Testing

/// Windows of documents, never across an end.
@Suite struct PerplexityWindowsTests {
    @Test func windowsLieWithinDocuments() throws {
        #expect(try PerplexityWindows(documents: [9, 3, 4, 8], length: 4).starts == [0, 4, 12, 16, 20])
        #expect(try PerplexityWindows(documents: [9, 3, 4, 8], length: 4, limit: 3).starts == [0, 12, 20])
        #expect(
            try PerplexityWindows(documents: [27], length: 4, limit: 5)
                == PerplexityWindows(tokens: 27, length: 4, limit: 5))
        #expect(throws: PerplexityError.documentsTooShort(documents: 2, longest: 3, windowLength: 4)) {
            try PerplexityWindows(documents: [3, 2], length: 4)
        }
    }
}
