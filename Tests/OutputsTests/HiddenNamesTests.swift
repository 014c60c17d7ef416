import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Testing

@Suite struct HiddenNamesTests {
    private func last(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    @Test func theyBearTheOutputsName() throws {
        let names = try HiddenNames(of: "out", in: "/tmp")
        #expect(names.lock == "/tmp/.out.lock")
        #expect(names.new(.partial).wholeMatch(of: #//tmp/\.out\.partial-[0-9a-z]+/#) != nil)
        #expect(names.new(.old).hasPrefix("/tmp/.out.old-"))
        #expect(names.new(.partial) != names.new(.partial))
    }

    /// Every length that a name can have: no hidden name is too long, none is another output's, and each is found again.
    @Test(arguments: ["x", "é", "模", "🦣"]) func longNames(_ character: String) throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        var locks = Set<String>()
        for bytes in 200...255 {
            let name = String(repeating: character, count: bytes / character.utf8.count)
            for output in [name, name.dropLast() + "y"] where output.utf8.count <= 255 {
                let names = try HiddenNames(of: output, in: directory.url.path)
                locks.insert(names.lock)
                for path in [names.lock, names.new(.partial), names.new(.old)] {
                    #expect(last(path).utf8.count <= 255 && last(path).hasPrefix("."))
                    #expect(mkdir(path, 0o700) == 0)
                    #expect(names.leftovers(.partial).contains(path) == last(path).contains(".partial-"))
                    rmdir(path)
                }
            }
        }
        let lengths = Set((200...255).map { $0 / character.utf8.count })
        // A name that ends in "y" is as many bytes long or shorter.
        #expect(locks.count == 2 * lengths.count)
    }

    @Test func aNameThatNoFileSystemTakes() throws {
        let name = String(repeating: "x", count: 256)
        #expect(
            errorText { _ = try HiddenNames(of: name, in: "/tmp") }
                == "/tmp/\(name): its name has 256 bytes, the file system takes 255 at most")
    }

    /// "é" as one scalar and as two: one string to Swift, two names to the system.
    @Test func namesThatSwiftCallsEqual() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let composed = try HiddenNames(of: "\u{e9}", in: directory.url.path)
        let decomposed = try HiddenNames(of: "e\u{301}", in: directory.url.path)
        let path = composed.new(.partial)
        #expect(mkdir(path, 0o700) == 0)
        #expect(composed.leftovers(.partial).map { Array($0.utf8) } == [Array(path.utf8)])
        #expect(decomposed.leftovers(.partial) == [])
    }

    @Test func onlyWhatThisToolMakesIsALeftover() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let left = [".out.partial-a1", ".out.partial-zz9"]
        for name in left + [
            ".out.partial-", ".out.partial-a-b", ".out.partial-é", ".out.old-a1", ".out2.partial-a1", "out.partial-a1",
            ".out.partial-99999999999999999", ".out.partial-a1.lock", ".out.partial-+1", ".out.partial--0",
            ".out.partial-A1",
        ] { try Data().write(to: directory.url.appending(path: name)) }
        let names = try HiddenNames(of: "out", in: directory.url.path)
        #expect(names.leftovers(.partial).map(last) == left)
        #expect(names.leftovers(.old).map(last) == [".out.old-a1"])
        #expect(try HiddenNames(of: "out", in: directory.path("nowhere")).leftovers(.partial) == [])
    }
}
