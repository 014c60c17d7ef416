import AdaDimJSON
import Foundation
import Testing

/// What Python's json module reads, and what it refuses (each line was run with it).
@Suite("JSON as Python reads it")
struct PythonTests {
    private func value(_ text: String) throws -> JSONValue { try JSONDocument(Array(text.utf8)).value }

    @Test(
        arguments: [
            ("null", .null), (" true\t", .boolean(true)), ("\r\nfalse\n", .boolean(false)),
            ("0", .integer(0)), ("-0", .integer(0)), ("-12", .integer(-12)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .real(9_223_372_036_854_775_808)),
            ("123456789012345678901234567890", .real(1.2345678901234568e29)),
            ("1.0", .real(1)), ("-0.5e+1", .real(-5)), ("1E-2", .real(0.01)), ("1e-999", .real(0)),
            ("NaN", .real(.nan)), ("Infinity", .real(.infinity)), ("-Infinity", .real(-.infinity)),
            ("1e999", .real(.infinity)),
            (#""a\/\b\f\n\r\t\"\\\u00e9\ud83d\ude00é""#, .string("a/\u{8}\u{C}\n\r\t\"\\é😀é")),
            ("\"\u{7F}\u{2028}\"", .string("\u{7F}\u{2028}")),
            ("[ ]", .array([])), ("[1,[2, {}]]", .array([.integer(1), .array([.integer(2), .object([:])])])),
            (#"{"a" : 1 , "b":[null]}"#, .object(["a": .integer(1), "b": .array([.null])])),
            // The last of several values counts.
            (
                #"{"a": 1, "b": 2, "a": {"c": 3, "c": 4}}"#,
                .object(["a": .object(["c": .integer(4)]), "b": .integer(2)])
            ),
            ("\u{FEFF}{}", .object([:])),
        ] as [(String, JSONValue)])
    func isRead(_ text: String, _ expected: JSONValue) throws { #expect(try value(text) == expected) }

    @Test(arguments: [
        ("", "line 1, column 1: found the end of the text, expected a value"),
        (" \n ", "line 2, column 2: found the end of the text, expected a value"),
        ("nul", "line 1, column 1: found 'n', expected a value"),
        ("nulL", "line 1, column 1: found 'n', expected a value"),
        ("True", "line 1, column 1: found 'T', expected a value"),
        ("nan", "line 1, column 1: found 'n', expected a value"),
        ("[inf]", "line 1, column 2: found 'i', expected a value"),
        ("-NaN", "line 1, column 2: found 'N', expected a digit"),
        ("-Inf", "line 1, column 2: found 'I', expected a value"),
        ("+1", "line 1, column 1: found '+', expected a value"),
        ("+Infinity", "line 1, column 1: found '+', expected a value"),
        ("NaNs", "line 1, column 4: found 's', expected the end of the text"),
        ("01", "line 1, column 2: found '1', expected the end of the text"),
        ("-", "line 1, column 2: found the end of the text, expected a digit"),
        ("-01", "line 1, column 3: found '1', expected the end of the text"),
        ("0x10", "line 1, column 2: found 'x', expected the end of the text"),
        (".5", "line 1, column 1: found '.', expected a value"),
        ("-.5", "line 1, column 2: found '.', expected a digit"),
        ("1.", "line 1, column 3: found the end of the text, expected a digit"),
        ("[1.e5]", "line 1, column 4: found 'e', expected a digit"),
        ("[1e]", "line 1, column 4: found ']', expected a digit"),
        ("[1e+]", "line 1, column 5: found ']', expected a digit"),
        ("1_0", "line 1, column 2: found '_', expected the end of the text"),
        ("[1 2]", "line 1, column 4: found '2', expected ',' or ']'"),
        ("[1,]", "line 1, column 4: found ']', expected a value"),
        ("[,1]", "line 1, column 2: found ',', expected a value"),
        ("[1", "line 1, column 3: found the end of the text, expected ',' or ']'"),
        ("{", "line 1, column 2: found the end of the text, expected a key in quotation marks or '}'"),
        ("{'a': 1}", "line 1, column 2: found ''', expected a key in quotation marks or '}'"),
        (#"{"a": 1,}"#, "line 1, column 9: found '}', expected a key in quotation marks"),
        (#"{"a" 1}"#, "line 1, column 6: found '1', expected ':'"),
        (#"{"a":}"#, "line 1, column 6: found '}', expected a value"),
        ("{\n  \"é\": \"😀\"\n  \"b\": 2\n}", "line 3, column 3: found '\"', expected ',' or '}'"),
        ("{\r\n  \"é😀e\u{301}\": 1 \"b\": 2}", "line 2, column 13: found '\"', expected ',' or '}'"),
        ("{} // more", "line 1, column 4: found '/', expected the end of the text"),
        ("[1, /* */ 2]", "line 1, column 5: found '/', expected a value"),
        ("[\u{A0}1]", "line 1, column 2: found U+00A0, expected a value"),
        ("[\u{C}1]", "line 1, column 2: found U+000C, expected a value"),
        ("[\"a\nb\"]", "line 1, column 4: found the control character U+000A in a string, expected it escaped"),
        ("[\"a\u{0}\"]", "line 1, column 4: found the control character U+0000 in a string, expected it escaped"),
        (#"["abc]"#, "line 1, column 2: found a string without an end, expected a closing quotation mark"),
        (#"["a\"#, "line 1, column 5: found the end of the text, expected one of \"\\/bfnrtu after a backslash"),
        (#"["\q"]"#, "line 1, column 4: found 'q', expected one of \"\\/bfnrtu after a backslash"),
        (#"["\u12g4"]"#, "line 1, column 7: found 'g', expected four hexadecimal digits after \\u"),
        (#"["\u12"#, "line 1, column 7: found the end of the text, expected four hexadecimal digits after \\u"),
        (#"["\ud83d\u00"]"#, "line 1, column 13: found '\"', expected four hexadecimal digits after \\u"),
        ("\u{FEFF}x", "line 1, column 1: found 'x', expected a value"),
        ("\u{FEFF}\u{FEFF}1", "line 1, column 1: found U+FEFF, expected a value"),
    ])
    func isRefused(_ text: String, _ expected: String) {
        #expect {
            _ = try value(text)
        } throws: { "\($0)" == expected }
    }

    /// A mark at the beginning of a file is none at the beginning of one of its lines.
    @Test func aLineHasNoMark() {
        #expect {
            _ = try JSONDocument(line: Array("\u{FEFF}{}".utf8)[...])
        } throws: { ($0 as? JSONFailure)?.inLine == "no JSON at column 1: found U+FEFF, expected a value" }
    }

    @Test(arguments: [
        ([0xFF] as [UInt8], "line 1, column 1: found the byte 0xFF (at offset 0), expected UTF-8"),
        (
            Array("{\"é\":\n \"".utf8) + [0xC3, 0x28],
            "line 2, column 3: found the byte 0xC3 (at offset 9), expected UTF-8"
        ),
        // An overlong form, half of a surrogate pair, a scalar too large, a form cut short.
        (Array("12".utf8) + [0xC0, 0x80], "line 1, column 3: found the byte 0xC0 (at offset 2), expected UTF-8"),
        ([0x22, 0xED, 0xA0, 0x80, 0x22], "line 1, column 2: found the byte 0xED (at offset 1), expected UTF-8"),
        ([0x22, 0xF4, 0x90, 0x80, 0x80], "line 1, column 2: found the byte 0xF4 (at offset 1), expected UTF-8"),
        ([0x22, 0xE2, 0x82], "line 1, column 2: found the byte 0xE2 (at offset 1), expected UTF-8"),
        ([0xEF, 0xBB, 0xBF, 0x22, 0x80], "line 1, column 2: found the byte 0x80 (at offset 4), expected UTF-8"),
        // UTF-16 with its mark.
        ([0xFF, 0xFE, 0x7B, 0x00], "line 1, column 1: found the byte 0xFF (at offset 0), expected UTF-8"),
    ])
    func isNotUTF8(_ bytes: [UInt8], _ expected: String) {
        #expect {
            _ = try JSONDocument(bytes)
        } throws: { "\($0)" == expected }
    }

    /// Half of a surrogate pair is a character to Python. No Swift `String` holds it.
    @Test func halvesOfSurrogatePairs() throws {
        let half = try value(#"["\ud800", "\ud800\u0041", "\ude00\ud83d", "\ud83d\ud83d\ude00"]"#)
        let first: [UInt8] = [0xED, 0xA0, 0x80]
        #expect(
            half
                == .array(
                    [
                        first, first + [0x41], [0xED, 0xB8, 0x80, 0xED, 0xA0, 0xBD],
                        [0xED, 0xA0, 0xBD, 0xF0, 0x9F, 0x98, 0x80],
                    ].map { .string(ByteString($0)) }))
        #expect(half.texts == nil)
        #expect(half.elements?.first?.summary == "a string with half of a surrogate pair")
    }

    private static func nested(_ levels: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(ascii: "["), count: levels) + [UInt8](repeating: UInt8(ascii: "]"), count: levels)
    }

    @Test(arguments: [
        (nested(513), JSONDialect.python, 513, 512), (nested(100_000), .python, 513, 512),
        ([UInt8](repeating: UInt8(ascii: "["), count: 100_000), .python, 513, 512),
        (Array(String(repeating: "{\"a\":", count: 100_000).utf8), .python, 2561, 512), (nested(65), .strict, 65, 64),
    ])
    func deepNesting(_ text: [UInt8], _ dialect: JSONDialect, _ column: Int, _ most: Int) throws {
        #expect {
            _ = try JSONDocument(text, as: dialect)
        } throws: { "\($0)" == "line 1, column \(column): nested deeper than \(most) levels, expected fewer" }
    }

    /// Each level takes stack: here there is a sixteenth of what Linux gives a thread, for reading, comparing and freeing.
    @Test func theDeepestNestingFitsOnASmallStack() async {
        let isSame = await withCheckedContinuation { continuation in
            let thread = Thread {
                let deepest = Self.nested(512)
                let (first, second) = (try? JSONDocument(deepest), try? JSONDocument(deepest))
                continuation.resume(returning: first != nil && first?.value == second?.value)
            }
            thread.stackSize = 512 << 10
            thread.start()
        }
        #expect(isSame)
    }
}
