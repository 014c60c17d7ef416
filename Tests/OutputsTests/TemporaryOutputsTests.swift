import AdaDimFiles
import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Testing

@Suite struct TemporaryOutputsTests {
    /// A live run's directory stays, a dead one's goes, and what another program made as well.
    @Test func onlyDeadRunsDirectoriesGo() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        var notices: [String] = []
        func open() throws -> TemporaryOutputs {
            try TemporaryOutputs("x", in: directory.url.path) { notices.append($0) }
        }
        let live = try open()
        try writeFile([1], to: live.path + "/work")
        for name in ["x-a1", "x-é", "x-", "y-a1"] {
            try makeDirectories(directory.path(name + "/deep"))
            try writeFile([1], to: directory.path(name + "/deep/file"))
        }
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("x-a2"), withDestinationPath: directory.path("y-a1"))
        do {
            let other = try open()
            #expect(notices == ["removed x-a1, which a killed run had left"])
            #expect(
                try names(inDirectory: directory.url.path)
                    == ["x-", "x-a2", "x-é", "y-a1", other.path.lastComponent, live.path.lastComponent].sorted())
            #expect(try names(inDirectory: live.path) == [".lock", "work"])
        }
        #expect(try names(inDirectory: directory.path("y-a1/deep")) == ["file"])
        let path = live.path
        withExtendedLifetime(live) { #expect(FileStatus.kind(of: path) == .directory) }
    }
}
