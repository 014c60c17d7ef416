import AdaDimCheckpoint
import AdaDimExport
import AdaDimTestSupport
import Foundation
import Testing

@Suite("The text of config.json")
struct ConfigTextTests {
    private func added(_ config: String) throws -> String {
        let data = try ConfigText(Data(config.utf8), file: "config.json").setting("q", to: Data("{\"a\": 1}".utf8))
        return String(decoding: data, as: UTF8.self)
    }

    /// A member goes with its comma; everything else stays.
    @Test func membersAreTakenOut() throws {
        func without(_ config: String) throws -> String {
            String(decoding: try ConfigText(Data(config.utf8), file: "config.json").removing("q"), as: UTF8.self)
        }
        #expect(try without("{\n  \"a\": 1e-05,\n  \"q\": {\"b\": [1, 2]}\n}\n") == "{\n  \"a\": 1e-05\n}\n")
        #expect(try without(#"{"q" : {"q": 1} , "a": 1.0}"#) == #"{"a": 1.0}"#)
        #expect(try without(#"{"a": 1, "q": "x,}", "b": 2}"#) == #"{"a": 1, "b": 2}"#)
        #expect(try without(#"{"q": 1}"#) == "{}")
        #expect(try without(#"{"a": {"q": 1}, "b": "\"q\": 2"}"#) == #"{"a": {"q": 1}, "b": "\"q\": 2"}"#)
        // What was set comes out again.
        #expect(try without(added(#"{"a": 1}"#)) == "{\"a\": 1\n}")
        for config in [#"{"q": 1, "a": 2, "q": 3}"#, #"{"\u0071": 1, "a": 2}"#] {
            #expect(
                errorText { _ = try without(config) }
                    == "config.json: q could not be taken out of it, expected it once, by that name")
        }
    }

    /// Everything else stays as it was written: order, spaces, 1 and 1.0, numbers beyond any type.
    @Test func configKeepsItsText() throws {
        #expect(
            try added("{\n  \"z\": 1e-05, \"b\": 1.0,\n  \"n\": 123456789012345678901234567890\n}\n")
                == "{\n  \"z\": 1e-05, \"b\": 1.0,\n  \"n\": 123456789012345678901234567890,\n  \"q\": {\"a\": 1}\n}\n")
        #expect(try added("{}") == "{\n  \"q\": {\"a\": 1}\n}")
        #expect(try added("{\"s\": \"}\"}") == "{\"s\": \"}\",\n  \"q\": {\"a\": 1}\n}")
        // A null gives its place up; the same name elsewhere, or as a value, is something else.
        #expect(try added(#"{"q": null, "b": 1.0}"#) == #"{"q": {"a": 1}, "b": 1.0}"#)
        #expect(try added(#"{"s": "\"q\": null", "\u0071" : null }"#) == #"{"s": "\"q\": null", "\u0071" : {"a": 1} }"#)
        #expect(
            try added(#"{"o": {"q": null}, "l": ["q", {"q": 2}], "p": "q"}"#)
                == #"{"o": {"q": null}, "l": ["q", {"q": 2}], "p": "q","# + "\n  \"q\": {\"a\": 1}\n}")
    }

    /// Numbers as Python writes them stay as they are.
    @Test func configKeepsNumbersThatAreNotFinite() throws {
        #expect(
            try added(#"{"a": NaN, "q": null, "b": [-Infinity, "NaN"], "c": Infinity}"#)
                == #"{"a": NaN, "q": {"a": 1}, "b": [-Infinity, "NaN"], "c": Infinity}"#)
        #expect(try added(#"{"a": Infinity}"#) == "{\"a\": Infinity,\n  \"q\": {\"a\": 1}\n}")
    }

    /// Of a key that stands twice the last value counts, and is the one that is set.
    @Test func configKeepsKeysThatStandTwice() throws {
        #expect(
            try added(#"{"b": 1, "q": null, "b": 2, "q": null}"#) == #"{"b": 1, "q": null, "b": 2, "q": {"a": 1}}"#)
        #expect(try added(#"{"q": 1, "q": null }"#) == #"{"q": 1, "q": {"a": 1} }"#)
        #expect(try added(#"{"b": 1, "b": 2}"#) == "{\"b\": 1, \"b\": 2,\n  \"q\": {\"a\": 1}\n}")
    }

    @Test func configKeepsItsByteOrderMarkAndItsHalfSurrogates() throws {
        #expect(
            try Array(added("\u{FEFF}{\"b\": \"\\ud800\", \"q\": null}").utf8)
                == Array("\u{FEFF}{\"b\": \"\\ud800\", \"q\": {\"a\": 1}}".utf8))
    }

    @Test(arguments: [
        (#"{"q": 1}"#, "holds q already, expected an unquantized model's"),
        (#"{"q": null, "q": 1}"#, "holds q already, expected an unquantized model's"),
        ("[1]", "not a JSON object: found [1]"),
        ("", "not a JSON object: line 1, column 1: found the end of the text, expected a value"),
        (#"{"q": nul}"#, "not a JSON object: line 1, column 7: found 'n', expected a value"),
        (#"{"b": -NaN}"#, "not a JSON object: line 1, column 8: found 'N', expected a digit"),
    ])
    func configsThatCannotBeSet(_ config: String, _ reason: String) {
        #expect(errorText { _ = try added(config) } == "config.json: " + reason)
    }

    /// Files of another encoding are refused, not damaged.
    @Test func configInAnotherEncoding() throws {
        let data = try #require(#"{"b": 1}"#.data(using: .utf16LittleEndian))
        let text = errorText { _ = try ConfigText(data, file: "config.json").setting("q", to: Data("1".utf8)) }
        #expect(
            text
                == "config.json: not a JSON object: line 1, column 2: found U+0000, expected a key in quotation marks or '}'"
        )
    }

    @Test(arguments: ["nul", "1, \"r\": 2", ""]) func valuesThatAreNoJSON(_ value: String) {
        for config in ["{}", #"{"q": null}"#] {
            #expect(
                errorText {
                    _ = try ConfigText(Data(config.utf8), file: "config.json").setting("q", to: Data(value.utf8))
                } == "config.json: q could not be set in it, expected JSON")
        }
    }
}
