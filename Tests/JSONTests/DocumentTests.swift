import AdaDimJSON
import Testing

/// What is known of a document beside its value, and the dialect without Python's liberties.
@Suite("JSON documents")
struct DocumentTests {
    private func document(_ text: String) throws -> JSONDocument { try JSONDocument(Array(text.utf8)) }

    @Test func whereTheOutermostValuesLie() throws {
        let text = "\u{FEFF}{ \"a\" : [1, {\"b\": 2}] , \"\\u0062\":null, \"a\": -1.5e3}"
        let bytes = Array(text.utf8)
        let ranges = try JSONDocument(bytes).memberRanges
        #expect(
            ranges.mapValues { String(decoding: bytes[$0], as: UTF8.self) } == ["a": "-1.5e3", "b": "null"])
    }

    @Test func valuesThatAreTheSame() throws {
        let same = #"{"a": 1, "a": 1, "b": {"c": NaN, "c": NaN}, "d": {"x": 1, "y": 2}, "d": {"y": 2, "x": 1}}"#
        #expect(try document(same).notice == nil)
    }

    @Test func valuesThatAreNotTheSame() throws {
        let other = try document("{\"a\": 1,\n \"b\": [{\"c\": 1,\n \"c\": 2}],\n \"a\": null, \"a\": null}")
        #expect(other.repetitions?.count == 2)
        #expect(
            other.notice
                == #"line 3 has "c" once more, with another value (and 1 more); the last value of a key counts, as in Python"#
        )
        #expect(other.value["a"] == .null && other.value["b"]?.elements?.first?["c"] == .integer(2))
    }

    @Test(arguments: [
        (#"{"a": 1, "a": 1}"#, #"line 1, column 10: found the key "a" once more, expected each key once in an object"#),
        ("NaN", "line 1, column 1: found 'N', expected a value"),
        ("[Infinity]", "line 1, column 2: found 'I', expected a value"),
        ("-Infinity", "line 1, column 2: found 'I', expected a digit"),
        ("[1, 1e999]", "line 1, column 5: found the number 1e999, expected one that a double can hold"),
        (#"["\ud800\u0041"]"#, "line 1, column 3: found half of a surrogate pair, expected both halves"),
    ])
    func strictly(_ text: String, _ expected: String) throws {
        #expect {
            _ = try JSONDocument(Array(text.utf8), as: .strict)
        } throws: { "\($0)" == expected }
        #expect(throws: Never.self) { try document(text) }
    }

    @Test func summaries() throws {
        let long = String(repeating: "é", count: 101)
        for (text, summary) in [
            ("1.0", "1.0"), ("NaN", "NaN"), ("-Infinity", "-Infinity"), ("1e999", "Infinity"), (#""a""#, #""a""#),
            ("\"\(long)\"", "a string of 202 bytes"), (#"[1, "a", null]"#, #"[1, "a", null]"#), ("[]", "[]"),
            ("[[1]]", "an array of 1"), ("[1,2,3,4,5,6,7,8,9]", "an array of 9"), (#"{"a": 1}"#, "an object"),
        ] { #expect(try document(text).value.summary == summary) }
    }

    @Test func whatIsAWholeNumber() throws {
        for (text, number) in [
            ("7", 7), ("7.0", 7), ("7e2", 700), ("7.5", nil), ("NaN", nil), ("1e999", nil),
            ("9223372036854775808", nil),
            ("true", nil), (#""7""#, nil),
        ] as [(String, Int?)] { #expect(try document(text).value.wholeNumber == number, "\(text)") }
        #expect(try document("[1, 2.0]").value.wholeNumbers == [1, 2])
        #expect(try document("[1, 2.5]").value.wholeNumbers == nil)
    }

    /// No change of a byte does worse than be refused, and what is read twice is the same.
    @Test func changedBytesNeverCrash() throws {
        let bytes = Array(#"{"a": [1, -2.5e3, "é\ud83d\ude00\n"], "b": {"c": null, "d": NaN}, "c": true}"#.utf8)
        for index in bytes.indices {
            for byte in Array("\"\\{}[],:0-e.NIu ".utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xED, 0xFF] {
                var changed = bytes
                changed[index] = byte
                for dialect in [JSONDialect.python, .strict] {
                    guard let document = try? JSONDocument(changed, as: dialect) else { continue }
                    for range in document.memberRanges.values {
                        #expect(throws: Never.self) { try JSONDocument(Array(changed[range]), as: dialect) }
                    }
                }
            }
            #expect(throws: JSONFailure.self) { try JSONDocument(Array(bytes[..<index])) }
        }
    }
}
