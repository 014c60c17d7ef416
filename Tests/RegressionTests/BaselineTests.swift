import AdaDimLinearAlgebra
import AdaDimOutputs
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRegression
import AdaDimTestSupport
import Foundation
import Testing

/// Baselines on the disk: what is written is read again, and what cannot be used is refused with its reason.
@Suite final class BaselineTests {
    private let temporary: TemporaryDirectory
    private let results: RegressionRun.Results
    private let baseline: Baseline

    init() throws {
        temporary = try TemporaryDirectory()
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 16
            $0.direction = .adaptive(by: .sweep)
        }
        results = try RegressionRun(cases: [
            .init("a layer", 9, 21, .activations(tokens: 40), options), .init("b/../c", 3, 5, .identity, options),
        ]).run()
        baseline = Baseline(results, environment: .current(tool: "test"))
    }

    deinit { temporary.remove() }

    private var directory: BaselineDirectory { BaselineDirectory(temporary.path("baseline")) }
    private var json: String { temporary.path("baseline/baseline.json") }
    private var codes: [String: [String: PackedRows]] {
        Dictionary(uniqueKeysWithValues: results.cases.map { ($0.name, $0.codes) })
    }

    private func write(overwrite: Bool = false) throws {
        try directory.write(baseline, codes: codes, try directory.claim(overwrite: overwrite))
    }

    private func edit(_ old: String, _ new: String) throws {
        let text = try String(contentsOfFile: json, encoding: .utf8)
        try #require(text.contains(old))
        try text.replacing(old, with: new).write(toFile: json, atomically: false, encoding: .utf8)
    }

    /// Baselines outlive versions: a check compares these words, and finds other options where a word has changed.
    @Test func theWordsOfOptionsStay() throws {
        let options = QuantizationOptions(.balanced) {
            ($0.grid.bits, $0.grid.groupSize, $0.grid.isSymmetric) = (2, nil, true)
            $0.direction.fixedDimension = .perInputChannel
        }
        let results = try RegressionRun(cases: [.init("words", 9, 21, .activations(tokens: 40), options)]).run()
        #expect(
            Baseline(results, environment: .current(tool: "test")).cases.map(\.options) == [
                "2 bits, groups of a channel, per-ic gptq, select rtn, damping 0.1, bfloat16 scales, symmetric, "
                    + "activation order, searched ranges, 4 passes over both"
            ])
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        try write()
        let read = try directory.read()
        #expect(read == baseline)
        for (index, record) in read.cases.enumerated() {
            for run in record.runs {
                #expect(try directory.codes(of: record, at: index, run: run) == results.cases[index].codes[run.name])
            }
        }
        // Nothing but the baseline, and no hidden leftovers.
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.url.path) == ["baseline"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["baseline.json", "codes"])
    }

    @Test func anExistingBaselineIsKeptUnlessAskedFor() throws {
        try write()
        #expect(errorText { try write() } == "\(directory.path): holds a baseline already; --overwrite replaces it")
        try edit("\"tool\" : \"test\"", "\"tool\" : \"older\"")
        try write(overwrite: true)
        #expect(try directory.read() == baseline)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.url.path) == ["baseline"])
    }

    /// A link stays one; what killed runs left goes, what is not theirs stays.
    @Test func linksAndLeftovers() throws {
        let target = temporary.path("target")
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: directory.path, withDestinationPath: target)
        for name in [".target.partial-7", ".target.partial-1-7", ".target.partial-é"] {
            try FileManager.default.createDirectory(atPath: temporary.path(name), withIntermediateDirectories: false)
        }
        try write()
        try write(overwrite: true)
        #expect(try BaselineDirectory(target).read() == baseline)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: temporary.url.path).sorted()
                == [".target.partial-1-7", ".target.partial-é", "baseline", "target"])
    }

    @Test func oneRunAtATime() throws {
        let claim = try directory.claim(overwrite: false)
        let text = errorText { _ = try directory.claim(overwrite: true) }
        #expect(
            text.hasPrefix("\(directory.path): another run is writing it: process \(getpid()) on "), "\(text)")
        try directory.write(baseline, codes: codes, claim)
        #expect(try directory.read() == baseline)
    }

    /// A baseline's directories are brought to the disk, its folder of codes and its parent too.
    @Test func theWayToTheDisk() throws {
        for refuses in [true, false] {
            let asked = Guarded<[String]>([])
            var notices: [String] = []
            let claim = try directory.claim(
                overwrite: true,
                synchronizer: FolderSynchronizer { _, path in
                    asked.withLock { $0.append(path) }
                    return refuses ? EINVAL : 0
                }
            ) { notices.append($0) }
            try directory.write(baseline, codes: codes, claim)
            let paths = asked.withLock { $0 }
            #expect(paths.count == 3)
            #expect(paths[0] == paths[1] + "/codes" && paths[2] == temporary.url.path)
            #expect(notices.count == (refuses ? 1 : 0))
            #expect(
                notices.allSatisfy { $0.hasPrefix("\(directory.path): the file system does not write directories") })
            #expect(try directory.read() == baseline)
        }
    }

    /// A run killed while it replaced a baseline, or while it removed the replaced one.
    @Test func killedRuns() throws {
        try write()
        let files = FileManager.default
        try files.moveItem(atPath: directory.path, toPath: temporary.path(".baseline.old-a1"))
        var notices: [String] = []
        let text = errorText { _ = try directory.claim(overwrite: false) { notices.append($0) } }
        #expect(text == "\(directory.path): holds a baseline already; --overwrite replaces it")
        #expect(notices == ["renamed .baseline.old-a1 to \(directory.path) again: a killed run had moved it aside"])
        #expect(try directory.read() == baseline)
        try files.copyItem(atPath: directory.path, toPath: temporary.path(".baseline.replaced-a1"))
        try files.removeItem(atPath: temporary.path(".baseline.replaced-a1/codes"))
        try write(overwrite: true)
        #expect(try files.contentsOfDirectory(atPath: temporary.url.path) == ["baseline"])
    }

    /// An empty directory of the name is no baseline: the one that was moved aside may be the only one.
    @Test func anEmptyDirectoryIsNoSuccessor() throws {
        try write()
        let files = FileManager.default
        try files.moveItem(atPath: directory.path, toPath: temporary.path(".baseline.old-a1"))
        try files.createDirectory(atPath: directory.path, withIntermediateDirectories: false)
        var notices: [String] = []
        let text = errorText { _ = try directory.claim(overwrite: false) { notices.append($0) } }
        #expect(text == "\(directory.path): holds a baseline already; --overwrite replaces it")
        #expect(notices == ["renamed .baseline.old-a1 to \(directory.path) again: a killed run had moved it aside"])
        #expect(try directory.read() == baseline)
        #expect(try files.contentsOfDirectory(atPath: temporary.url.path) == ["baseline"])
        // One that is no baseline's is not put in its place.
        try files.moveItem(atPath: directory.path, toPath: temporary.path(".baseline.old-a1"))
        try files.createDirectory(atPath: directory.path, withIntermediateDirectories: false)
        try Data().write(to: URL(filePath: temporary.path(".baseline.old-a1/notes.txt")))
        notices = []
        _ = try directory.claim(overwrite: false) { notices.append($0) }
        #expect(notices.count == 1 && notices[0].hasPrefix("\(temporary.path(".baseline.old-a1")): stays; "))
        #expect(
            try files.contentsOfDirectory(atPath: temporary.path(".baseline.old-a1")).sorted()
                == ["baseline.json", "codes", "notes.txt"])
    }

    /// Whether the file system exchanges two names or not; nothing goes that came in meanwhile.
    @Test(arguments: [true, false]) func replacing(_ canExchange: Bool) throws {
        try write()
        let path = directory.path
        var notices: [String] = []
        let claim = try directory.claim(
            overwrite: true,
            exchange: NameExchange { one, other in
                try? Data("mine".utf8).write(to: URL(filePath: path + "/notes.txt"))
                return canExchange && NameExchange.system(one, other)
            }
        ) { notices.append($0) }
        try directory.write(baseline, codes: codes, claim)
        #expect(try directory.read() == baseline)
        let left = try #require(
            try FileManager.default.contentsOfDirectory(atPath: temporary.url.path).first { $0 != "baseline" })
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path(left)) == ["notes.txt"])
        #expect(
            notices == [
                "\(temporary.path(left)) stays: others have put something into \(path) while it was replaced"
            ])
    }

    @Test func longNames() throws {
        let directory = BaselineDirectory(temporary.path(String(repeating: "x", count: 255)))
        for overwrite in [false, true] {
            try directory.write(baseline, codes: codes, try directory.claim(overwrite: overwrite))
        }
        #expect(try directory.read() == baseline)
        let tooLong = BaselineDirectory(temporary.path(String(repeating: "x", count: 256)))
        #expect(
            errorText { _ = try tooLong.claim(overwrite: false) }
                == "\(tooLong.path): its name has 256 bytes, the file system takes 255 at most")
    }

    @Test func otherFilesAreKept() throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: false)
        try write()
        try Data("mine".utf8).write(to: URL(filePath: directory.path + "/notes.txt"))
        for overwrite in [false, true] {
            #expect(
                errorText { try write(overwrite: overwrite) }.contains(
                    "holds notes.txt, which is no part of a baseline"))
        }
        try FileManager.default.removeItem(atPath: directory.path + "/notes.txt")
        try Data("{\"mine\": 1}".utf8).write(to: URL(filePath: json))
        #expect(errorText { try write(overwrite: true) }.contains("holds baseline.json, which is no part"))
        // One that only names ours is another's as well.
        for text in ["{\"note\": \"\(Baseline.kind)\"}", "\(Baseline.kind)", "{\"kind\": [\"\(Baseline.kind)\"]}"] {
            try Data(text.utf8).write(to: URL(filePath: json))
            #expect(errorText { try write(overwrite: true) }.contains("holds baseline.json, which is no part"))
        }
        // One of ours goes, whatever else is wrong with it.
        try Data("{\"kind\": \"\(Baseline.kind)\", \"cases\": NaN}".utf8).write(to: URL(filePath: json))
        try write(overwrite: true)
        #expect(try directory.read() == baseline)
    }

    @Test func placesThatCannotBeWritten() throws {
        let nowhere = BaselineDirectory(temporary.path("nowhere/baseline"))
        #expect(
            errorText { try nowhere.checkWritable(overwrite: false) }
                == "\(temporary.path("nowhere")): a baseline cannot be written in it: No such file or directory")
        try Data().write(to: URL(filePath: directory.path))
        #expect(
            errorText { try write(overwrite: true) } == "\(directory.path): writing a baseline: it is no directory")
    }

    /// What lies in a baseline's folders and is not of it.
    @Test func foreignFilesAreNotOverwritten() throws {
        try write()
        let notes = URL(filePath: directory.path + "/codes/notes.txt")
        try Data("mine".utf8).write(to: notes)
        #expect(
            errorText { try write(overwrite: true) }.hasPrefix(
                "\(directory.path): holds codes/notes.txt, which is no part"))
        #expect(try Data(contentsOf: notes) == Data("mine".utf8))
        try FileManager.default.removeItem(at: notes)
        try write(overwrite: true)

        try FileManager.default.removeItem(atPath: json)
        try FileManager.default.createDirectory(atPath: json, withIntermediateDirectories: false)
        #expect(
            errorText { try write(overwrite: true) }.hasPrefix(
                "\(directory.path): holds baseline.json, which is no part"))
    }

    @Test func placesWithoutABaseline() throws {
        #expect(errorText { _ = try directory.read() } == "\(directory.path): there is no such directory")
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: false)
        #expect(errorText { _ = try directory.read() }.hasPrefix("\(directory.path): holds no baseline.json"))
    }

    @Test func damagedBaselines() throws {
        let cases: [(old: String, new: String, text: String)] = [
            ("{", "[", "it is not JSON, or no object"),
            ("\"adadim regression baseline\"", "\"something else\"", "its \"kind\" is something else, expected"),
            ("\"format\" : 1", "\"format\" : 0", "expected \"adadim regression baseline\" with a format"),
            ("\"residual\"", "\"remains\"", "cases.0.factor.residual is missing"),
            ("\"bits\" : 3", "\"bits\" : \"three\"", "cases.0.runs.0.bits is no Int"),
            ("\"per-", "\"by-", "cannot be read"),
            ("\"a layer\"", "\"b/../c\"", "two cases bear one name"),
        ]
        for (old, new, text) in cases {
            try write(overwrite: true)
            try edit(old, new)
            let found = errorText { _ = try directory.read() }
            #expect(found.hasPrefix("\(json): not a baseline that can be used: ") && found.contains(text), "\(found)")
            // A foreign file is not overwritten, so it goes first.
            try FileManager.default.removeItem(atPath: directory.path)
        }
        try write()
        try edit("\"format\" : 1", "\"format\" : 7")
        #expect(errorText { _ = try directory.read() } == "\(json): format 7 of a later adadim, expected 1 or less")
        try Data().write(to: URL(filePath: json))
        #expect(errorText { _ = try directory.read() }.contains("it is not JSON"))
    }

    @Test func damagedCodes() throws {
        try write()
        let record = baseline.cases[0]
        let folder = directory.path + "/codes"
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasPrefix("000-a-layer-adaptive") })
        let file = URL(filePath: folder + "/" + name)
        let whole = try Data(contentsOf: file)
        let attempt = { [self] in errorText { _ = try directory.codes(of: record, at: 0, run: record.runs[0]) } }
        try whole.dropLast(4).write(to: file)
        #expect(attempt().contains("it has \(whole.count - 4) bytes, expected \(whole.count)"))
        var damaged = whole
        damaged[0] ^= 1
        try damaged.write(to: file)
        #expect(attempt().contains("its codes are not those of the baseline's digest \(record.runs[0].codes)"))
        try whole.write(to: file)
        #expect(truncate(file.path, 4 << 40) == 0)
        #expect(attempt().hasSuffix("4398046511104 bytes, expected at most \(whole.count)"))
        try FileManager.default.removeItem(at: file)
        #expect(attempt().contains("No such file or directory"))
        #expect(truncate(json, 4 << 40) == 0)
        #expect(
            errorText { _ = try directory.read() }
                == "\(json): reading: 4398046511104 bytes, expected at most 268435456")
    }
}
