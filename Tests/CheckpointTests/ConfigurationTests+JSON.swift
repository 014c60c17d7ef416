import AdaDimCheckpoint
import AdaDimTestSupport
import Foundation
import Testing

/// How the file is read as JSON, and what is said where it is none.
extension ConfigurationTests {
    /// Numbers as Python writes them, where nothing reads them and where something does.
    @Test func numbersThatAreNotFinite() throws {
        let members = #""a": NaN, "b": [Infinity, {"c": -Infinity}], "NaN": "Infinity", "d": 1e999, "e": "\ud800""#
        let plain = try model("llama", #""rms_norm_eps": 0.5"#)
        var read = try model("llama", #""rms_norm_eps": 0.5, "# + members)
        #expect(read.notices.count == 1 && read.notices[0].hasSuffix("do not know them: NaN, a, b, d, e"))
        read.notices = []
        #expect(read == plain)
        for word in ["NaN", "Infinity", "-Infinity"] {
            #expect(
                errorText { _ = try model("llama", "\"rms_norm_eps\": \(word)") }
                    == "config.json: rms_norm_eps is \(word), expected a positive number")
            #expect(
                errorText { _ = try model("llama", "\"head_dim\": \(word)") }
                    == "config.json: head_dim is \(word), expected an integer from 1 to 2147483647")
        }
        // That is all that is read beyond JSON.
        for text in [
            "-NaN", "NaN, /* comment */ \"b\": 1", "NaN, 'b': 1", "NaNs", "Infinity, b: 1", "nan", "+Infinity",
        ] {
            #expect(
                errorText { _ = try model("llama", "\"a\": \(text)") }.hasPrefix("config.json: not a JSON object"),
                "\(text)")
        }
    }

    /// As Python reads them: the last one counts. It is said where an earlier one was another.
    @Test func keysThatStandTwice() throws {
        let same = try model("llama", #""rope_theta": 5, "use_cache": true, "use_cache": true"#)
        #expect(same.rotaryBase == 5 && same.notices == [])
        let other = try model("llama", "\"rope_theta\": 5,\n \"rope_theta\": 6,\n \"head_dim\": 8, \"head_dim\": 16")
        #expect(other.rotaryBase == 6 && other.headDimension == 16)
        #expect(
            other.notices == [
                #"config.json: line 2 has "rope_theta" once more, with another value (and 1 more); "#
                    + "the last value of a key counts, as in Python"
            ])
        let inner = #""rope_scaling": {"type": "linear", "factor": 2, "factor": 4}"#
        #expect(try model("llama", inner).rotaryScaling == .linear(factor: 4))
    }

    @Test func theByteOrderMarkIsPassedOver() throws {
        let text = "\u{FEFF}{\"model_type\": \"llama\", \(Self.sizes)}"
        let read = try ModelConfiguration(json: Data(text.utf8), file: "config.json")
        #expect(try read == model("llama"))
    }

    /// Whole numbers with a point are what they are.
    @Test func wholeNumbersWithAPoint() throws {
        #expect(try model("llama", #""head_dim": 8.0, "max_position_embeddings": 1e3"#).headDimension == 8)
        #expect(try model("llama", #""max_position_embeddings": 1e3"#).maximumLength == 1000)
    }

    /// The place of what is wrong, and what was expected there.
    @Test(arguments: [
        ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3: found '\"', expected ',' or '}'"),
        ("{\n  \"a\": 1,\n}", "line 3, column 1: found '}', expected a key in quotation marks"),
        ("{\"a\": -NaN}", "line 1, column 8: found 'N', expected a digit"),
        ("[1]", "found [1], expected an object"), ("", "line 1, column 1: found the end of the text, expected a value"),
        (
            "{\"a\": " + String(repeating: "[", count: 100_000),
            "line 1, column 518: nested deeper than 512 levels, expected fewer"
        ),
    ])
    func whereItIsNotJSON(_ text: String, _ reason: String) {
        #expect(
            errorText { _ = try ModelConfiguration(json: Data(text.utf8), file: "config.json") }
                == "config.json: not a JSON object as expected: \(reason)")
    }

    @Test func whereItIsNotUTF8() {
        let data = Data("{\"a\":\n \"é".utf8 + [0xE9, 0x22, 0x7D])
        #expect(
            errorText { _ = try ModelConfiguration(json: data, file: "config.json") }
                == "config.json: not a JSON object as expected: line 2, column 4: found the byte 0xE9 (at offset 10), "
                + "expected UTF-8")
    }

    @Test func halfASurrogatePairWhereATextIsRead() {
        #expect(
            errorText { _ = try Self.parse(#""model_type": "\ud800""#) }
                == "config.json: model_type is a string with half of a surrogate pair, expected a string")
    }

    @Test func notJSON() {
        let error = #expect(throws: CheckpointError.self) { try Self.parse("\"a\": ") }
        #expect(error.map { "\($0)" }?.hasPrefix("config.json: not a JSON object as expected: ") == true)
    }
}
