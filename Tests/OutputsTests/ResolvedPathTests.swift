import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Testing

@Suite struct ResolvedPathTests {
    private let directory: TemporaryDirectory
    private var real: String { directory.url.resolvingSymlinksInPath().path }

    init() throws { directory = try TemporaryDirectory() }

    @Test func whatIsThereAndWhatIsNot() throws {
        defer { directory.remove() }
        let new = try ResolvedPath(output: directory.path("new") + "//")
        #expect(new.parent == real && new.name == "new" && !new.exists && new.path == real + "/new")
        try FileManager.default.createSymbolicLink(atPath: directory.path("link"), withDestinationPath: "nowhere")
        #expect(try ResolvedPath(output: directory.path("link")).exists)
        #expect(try ResolvedPath(output: directory.url.path).exists)
        #expect(try ResolvedPath(output: "/").path == "/")
        #expect(try ResolvedPath(output: "/adadim-new").path == "/adadim-new")
        #expect(
            errorText { _ = try ResolvedPath(output: directory.path("no/out")) }
                == "\(directory.path("no/out")): its parent directory does not exist")
    }

    /// A slash with an accent behind it is one `Character`.
    @Test func namesThatBeginWithAnAccent() throws {
        defer { directory.remove() }
        let output = directory.url.path + "/\u{301}x"
        for exists in [false, true] {
            let resolved = try ResolvedPath(output: output)
            #expect(resolved.parent == real && resolved.exists == exists)
            #expect(Array(resolved.name.utf8) == Array("\u{301}x".utf8))
            mkdir(output, 0o700)
        }
    }
}
