import AdaDimFiles
import AdaDimTestSupport
import Foundation
import Testing

/// Paths are cut at their slashes, whatever accent the next name begins with, and told apart as the system does.
@Suite struct PathPartTests {
    private static let paths: [(path: String, parent: String?, last: String)] = [
        ("a", nil, "a"), ("", nil, ""), ("/", "/", ""), ("/a", "/", "a"), ("a/b", "a", "b"), ("/a/b", "/a", "b"),
        ("a/", "a", ""), ("a/\u{301}x", "a", "\u{301}x"), ("/\u{301}x", "/", "\u{301}x"),
        ("\u{e9}/e\u{301}", "\u{e9}", "e\u{301}"), ("a/\u{301}/b", "a/\u{301}", "b"),
        ("a/\u{10FEE9}", "a", "\u{10FEE9}"),
    ]

    @Test(arguments: paths) func parts(_ path: String, _ parent: String?, _ last: String) {
        #expect(path.parentPath.map { Array($0.utf8) } == parent.map { Array($0.utf8) })
        #expect(Array(path.lastComponent.utf8) == Array(last.utf8))
        #expect(
            path.componentBytes
                == Array(path.pathBytes.split(separator: 0x2f).map(Array.init)))
    }

    @Test func closingSlashes() {
        #expect("a//".withoutClosingSlashes == "a")
        #expect("//".withoutClosingSlashes == "/")
        #expect("".withoutClosingSlashes == "")
        #expect(Array("a/\u{301}".withoutClosingSlashes.utf8) == Array("a/\u{301}".utf8))
    }

    @Test func comparing() {
        #expect("\u{e9}" == "e\u{301}" && !"\u{e9}".isSamePath(as: "e\u{301}"))
        #expect("a/b".isSamePath(as: "a/b"))
        #expect(".\u{301}x".isHiddenName && !"x".isHiddenName && !"".isHiddenName)
        #expect("/".appendingComponent("a") == "/a" && "a".appendingComponent("b") == "a/b")
        #expect(Array("d/\u{301}x".path(below: "d").utf8) == Array("\u{301}x".utf8))
    }

    /// Through the calls that cut paths.
    @Test func namesThatBeginWithAnAccent() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        let path = temporary.url.path + "/a/\u{301}b/\u{301}c"
        try makeDirectories(path)
        #expect(FileStatus.kind(of: path) == .directory)
        let file = path + "/\u{301}file"
        try replaceFile(file, with: [1])
        try replaceFile(file, with: [2])
        #expect(try readFile(file, atMost: 1) == [2])
        #expect(try names(inDirectory: path) == ["\u{301}file"])
    }
}
