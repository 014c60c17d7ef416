import AdaDimTokenizer
import Testing

/// Patterns match as Oniguruma matches them (goldens: Goldens/make_goldens.py), or are refused by name.
@Suite struct PatternTests {
    @Test func matchesAreThoseOfTheLibrary() throws {
        let goldens = try GoldenCases.load().patterns
        #expect(goldens.count > 90)
        for (source, splits) in goldens {
            // JSON lets keys through that are canonically equivalent; no pattern here is.
            let pattern = try Pattern(regularExpression: source)
            for split in splits {
                let text = Array(split.text.utf8)
                let lengths = try pattern.segments(of: text, in: 0..<text.count).map(\.range.count).filter { $0 > 0 }
                #expect(lengths == split.pieces, "\(source) on \(split.text.debugDescription)")
            }
        }
    }

    @Test(arguments: [
        (#"(a)\1"#, #"the escape \1 is not supported"#),
        (#"\p{Han}"#, #"the property \p{Han} is not supported"#),
        (#"\pL"#, #"\p without braces is not supported"#),
        ("[[:alpha:]]", "a POSIX bracket is not supported"),
        ("(?x) a", "the option (?x) is not supported"),
        ("(?<n>a)", "the group (?< is not supported"),
        ("(?#a)", "the group (?# is not supported"),
        ("(?:a*)*", "repeating what can match nothing is not supported"),
        ("(?i:é)", "a case-insensitive letter beyond ASCII is not supported"),
        (#"(?i:\p{Lu})"#, "a case-insensitive property of one case is not supported"),
        ("(?i:ss)", "case-insensitive \"ss\", which also matches a ligature, is not supported"),
        ("(?<=a+)b", "a look-behind of varying length is not supported"),
        ("a{2}?", "the quantifier {n}? is not supported"),
        ("a{1001}", "more than 1000 repetitions is not supported"),
        (#"\R"#, #"the escape \R is not supported"#),
        (#"\xE9"#, #"a byte above \x7F is not supported"#),
        ("(?:(?:a{1000}){1000}){1000}", "the pattern is too long"),
        ("a)", "an unmatched ')'"),
        ("(a", "a group is not closed"),
        ("[a", "a class is not closed"),
        ("*a", "nothing to repeat before '*'"),
        ("a\\", "the pattern ends after a backslash"),
        ("[z-a]", "a range in a class is reversed"),
        (#"[a-\d]"#, "a range in a class ends in a set"),
        (#"\x{110000}"#, "an escape that names no character"),
    ])
    func unknownSyntaxIsNamed(source: String, problem: String) {
        #expect {
            _ = try Pattern(regularExpression: source)
        } throws: { error in
            (error as? PatternParser.Failure)?.problem == problem
        }
    }

    @Test func deepNestingIsRefused() {
        for (open, close) in [("(?:", ")"), ("[", "]"), ("(?i)", "")] {
            let source = String(repeating: open, count: 5000) + "a" + String(repeating: close, count: 5000)
            #expect(throws: PatternParser.Failure.self) { _ = try Pattern(regularExpression: source) }
        }
    }

    @Test func exponentialPatternsGiveUp() throws {
        let pattern = try Pattern(regularExpression: "(?:a+)+b")
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 60)
        #expect(throws: PatternMatcher.TooManySteps.self) { _ = try pattern.segments(of: text, in: 0..<text.count) }
    }

    @Test func boundsAreAllThatAPatternSees() throws {
        let text = Array("abc".utf8)
        let pattern = try Pattern(regularExpression: "(?<=a)b|^b(?!c)$")
        #expect(try pattern.segments(of: text, in: 1..<2) == [.init(range: 1..<2, isMatch: true)])
        #expect(try pattern.segments(of: text, in: 1..<3) == [.init(range: 1..<3, isMatch: false)])
    }
}
