import AdaDimFiles
import AdaDimTestSupport
import Foundation
import Testing

/// Names are bytes: each has one string, which gives these bytes again.
@Suite struct SystemPathTests {
    @Test func everyNameComesBack() {
        var names: [[UInt8]] = [
            [], Array("plain".utf8), Array("größe 名前 🙂".utf8), [0x66, 0xe9], [0xff], [0xc3], [0xc3, 0x28],
            [0xe2, 0x82],
            [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80],
            Array("e\u{301}".utf8),
            // The scalars that stand for such bytes, as a name of their own.
            Array("\u{10FEE9}".utf8), Array("\u{10FEFF}x\u{10FE80}".utf8), [0xf4, 0x8f, 0xbb],
        ]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            names.append((0..<Int.random(in: 0..<12, using: &random)).map { _ in .random(in: 1...255, using: &random) })
        }
        for name in names {
            let text = String(systemBytes: name)
            #expect(text.pathBytes == name, "\(name)")
            #expect(text.systemBytes == name.map { CChar(bitPattern: $0) } + [0])
            // Joined paths are joined bytes, and a URL changes nothing.
            #expect(("a/" + text + "/b").pathBytes == Array("a/".utf8) + name + Array("/b".utf8))
            if !name.isEmpty && !name.contains(0x2f) {
                #expect(
                    URL(fileURLWithPath: "/a").appendingPathComponent(text).path.pathBytes == Array("/a/".utf8) + name)
            }
        }
        #expect(String(systemBytes: [0x66, 0xe9]) != String(systemBytes: [0x66, 0xe8]))
    }

    @Test func whatPeopleRead() {
        #expect(String(systemBytes: [0x66, 0xe9, 0x2f, 0xff]).withReadablePaths == #"f\xE9/\xFF"#)
        #expect("größe".withReadablePaths == "größe")
    }

    /// What the system would cut at its zero names nothing.
    @Test func zerosNameNothing() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        let path = try temporary.write([1], as: "file")
        #expect(FileStatus.kind(of: path) == .file)
        #expect(FileStatus.kind(of: path + "\0.safetensors") == nil)
    }
}
