import AdaDimTokenizer
import Testing

/// A line of JSON Lines, as Python's json module reads it.
@Suite struct JSONLineTests {
    private func text(_ line: String, _ field: String = "text") throws -> String {
        try JSONLine(ArraySlice(line.utf8)).text(of: field)
    }

    private func problem(_ line: [UInt8]) -> String {
        do {
            return "no error: \(try JSONLine(ArraySlice(line)).text(of: "text"))"
        } catch {
            return error.problem
        }
    }

    @Test(arguments: [
        (#"{"text": "a"}"#, "a"), (#" { "id" : 7 , "text" : "a\nb" } "#, "a\nb"), ("{\"text\": \"\"}\r", ""),
        (#"{"text": "\ud83d\ude00\u00e9\"\\"}"#, "😀é\"\\"),
        // What other fields hold does not matter, if it is JSON as Python writes it.
        (#"{"score": NaN, "low": -Infinity, "high": Infinity, "big": 1e999, "text": "a"}"#, "a"),
        (#"{"half": "\ud800", "text": "a"}"#, "a"), (#"{"half": "\ud800\u0041", "text": "a"}"#, "a"),
        (#"{"id": 1, "id": 2, "more": {"text": "b", "text": "c"}, "text": "a"}"#, "a"),
    ])
    func whatAFieldHolds(line: String, expected: String) throws {
        #expect(try Array(text(line).utf8) == Array(expected.utf8))
    }

    @Test func keysAreComparedByteByByte() throws {
        #expect(try text(#"{"\#u{E9}": "a", "e\#u{301}": "b"}"#, "e\u{301}") == "b")
    }

    @Test(arguments: [
        (#"{"content": 7, "url": "u"}"#, #"no field "text"; its fields are: "url", "content""#),
        ("{}", #"no field "text"; its fields are: none"#),
        (#"{"text": null}"#, #"the field "text" is null"#), (#"{"text": 7}"#, #"the field "text" is 7"#),
        (#"{"text": ["a"]}"#, #"the field "text" is an array of 1"#),
        (#"{"text": "a", "text": "a"}"#, #"the field "text" appears 2 times"#),
        (#"{"text": "\ud83d"}"#, #"the field "text" has half of a surrogate pair, which is no character"#),
        (#"{"text": "\ude00\ud83d"}"#, #"the field "text" has half of a surrogate pair, which is no character"#),
        (#"["text"]"#, "found an array of 1"), (#""text""#, "found a string"), ("7", "found 7"),
        ("text", "no JSON: expected a value (at byte 0 of 4)"),
        (#"{"text": "a"} {"text": "b"}"#, "no JSON: more text follows the document's end (at byte 14 of 27)"),
        (#"{"text": "a"#, "no JSON: the text ends inside a string (at byte 11 of 11)"),
    ])
    func whatIsWrongIsNamed(line: String, expected: String) { #expect(problem(Array(line.utf8)) == expected) }

    @Test func notUTF8() {
        let line = Array("{\"text\": \"".utf8) + [0xFF] + Array("\"}".utf8)
        #expect(problem(line) == "no JSON: the text is not valid UTF-8 (at byte 0 of 13)")
    }
}
