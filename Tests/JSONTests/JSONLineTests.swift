import AdaDimJSON
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
        (#"{"text": "b", "text": "a"}"#, "a"),
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
        (#"{"text": ["a"]}"#, #"the field "text" is ["a"]"#),
        (#"{"text": "\ud83d"}"#, #"the field "text" is a string with half of a surrogate pair"#),
        (#"{"text": "\ude00\ud83d"}"#, #"the field "text" is a string with half of a surrogate pair"#),
        (#"["text"]"#, #"found ["text"]"#), (#""text""#, #"found "text""#), ("7", "found 7"),
        ("text", "no JSON at column 1: found 't', expected a value"),
        (#"{"text": "a"} {"text": "b"}"#, "no JSON at column 15: found '{', expected the end of the text"),
        (#"{"text": "a"#, "no JSON at column 10: found a string without an end, expected a closing quotation mark"),
    ])
    func whatIsWrongIsNamed(line: String, expected: String) { #expect(problem(Array(line.utf8)) == expected) }

    @Test func notUTF8() {
        let line = Array("{\"text\": \"".utf8) + [0xFF] + Array("\"}".utf8)
        #expect(problem(line) == "no JSON at column 11: found the byte 0xFF (at offset 10), expected UTF-8")
    }
}
