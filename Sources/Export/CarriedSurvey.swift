import AdaDimFiles

/// The files next to the weights in a model's directory, and whether they are copied.
///
/// Everything is copied except hidden files and caches of Python, files that the output writes itself, weights in other
/// formats (by their names) and folders with some, things that are no files, and very large files. Links are followed.
/// A notice names what is not copied, unless the output writes it or a model never needs it.
struct CarriedSurvey {
    /// Paths inside the directory, and their files' sizes.
    private(set) var carried: [(path: String, bytes: Int)] = []
    /// Weights that are not carried; folders of them end with a slash.
    private var weights: [String] = []
    /// What else is not carried, and why.
    private var others: [(path: String, reason: String)] = []
    /// Carried, but stand-ins of files.
    private var pointers: [(path: String, found: StandIn)] = []
    private let directory: String
    /// Paths as bytes, by which they are compared.
    private let ownWeights: Set<[UInt8]>
    private let modules: SentenceTransformerModules

    /// - Parameters:
    ///   - reserved: names at the top that the output writes itself.
    ///   - weights: paths of the weight files that the model is read from.
    ///   - modules: folders that are copied with everything in them.
    init(
        of directory: String, reserved: Set<String>, weights ownWeights: Set<String>,
        modules: SentenceTransformerModules
    ) throws(ExportError) {
        (self.directory, self.ownWeights, self.modules) = (directory, Set(ownWeights.map(\.pathBytes)), modules)
        let reserved = Set(reserved.map(\.pathBytes))
        let top = try ExportError.wrapping { () throws(FileFailure) in
            (names: try names(inDirectory: directory), identity: try FileStatus(directory).identity)
        }
        for name in top.names where !Self.isPassedOver(name) && !self.ownWeights.contains(name.pathBytes) {
            guard let status = status(of: name) else { continue }
            let isReserved = reserved.contains(name.pathBytes)
            switch status.kind {
            case .file where isReserved: break
            case _ where name.isHiddenName: addHidden(name, status)
            case .file where Self.isWeights(name): weights.append(name)
            case .file where status.bytes > CarriedFiles.mostFolderBytes: others.append((name, "more than 256 MB"))
            case .file: carry(name, status)
            case .directory where isReserved:
                others.append((name, "a directory with a name of the output's"))
            case .directory: addFolder(name, status, in: [top.identity])
            default: others.append((name, "\(status.kind)"))
            }
        }
    }

    /// What version control, download caches, Python and file managers leave in a directory: no part of a model.
    private static let passedOver: Set<[UInt8]> = Set(
        [".git", ".gitattributes", ".gitignore", ".cache", ".DS_Store", "__pycache__"].map(\.pathBytes))

    private static func isPassedOver(_ name: String) -> Bool { passedOver.contains(name.pathBytes) }

    /// Hidden files belong to a person or a program, and may contain secrets, such as passwords.
    private mutating func addHidden(_ path: String, _ status: FileStatus) {
        others.append((status.kind == .directory ? path + "/" : path, "hidden"))
    }

    /// Whether a file has weights, or lists files that have.
    static func isWeights(_ name: String) -> Bool {
        let name = name.lowercased()
        let endings = [
            "safetensors", "bin", "pt", "pth", "ckpt", "gguf", "ggml", "h5", "keras", "msgpack", "ot", "tflite", "pb",
            "npz",
            "index.json",
        ]
        return name.contains(".onnx") || endings.contains { name.hasSuffix("." + $0) }
    }

    /// The kind of file at a path, links followed; a path that cannot be examined is noted.
    private mutating func status(of path: String) -> FileStatus? {
        do {
            return try FileStatus(directory + "/" + path)
        } catch {
            let isLink = (try? FileStatus(directory + "/" + path, followingLinks: false))?.kind == .link
            others.append((path, isLink ? "a link that leads nowhere: \(error.reason)" : error.reason))
            return nil
        }
    }

    private mutating func carry(_ path: String, _ status: FileStatus) {
        carried.append((path, status.bytes))
        // Pointers are a few lines.
        guard status.bytes > 0, status.bytes < 1024, let found = StandIn(file: directory + "/" + path),
            [.gitLFSPointer, .gitAnnexPointer].contains(found)
        else { return }
        pointers.append((path, found))
    }

    // MARK: Folders

    private struct Budget {
        var entries = CarriedFiles.mostFolderEntries
        var bytes = CarriedFiles.mostFolderBytes
    }

    private struct TooMuch: Error {
        let reason: String
    }

    private mutating func addFolder(_ name: String, _ status: FileStatus, in ancestors: [FileStatus.Identity]) {
        var folder = self
        (folder.carried, folder.weights, folder.others, folder.pointers) = ([], [], [], [])
        var budget = Budget()
        do {
            try folder.walk(name, status, in: ancestors, &budget)
        } catch {
            others.append((name + "/", error.reason))
            return
        }
        let holdsOwn = ownWeights.contains { $0.starts(with: (name + "/").pathBytes) }
        guard folder.weights.isEmpty || holdsOwn else {
            weights.append(name + "/")
            return
        }
        carried += folder.carried
        weights += folder.weights
        others += folder.others
        pointers += folder.pointers
    }

    private mutating func walk(
        _ path: String, _ status: FileStatus, in ancestors: [FileStatus.Identity], _ budget: inout Budget
    ) throws(TooMuch) {
        guard !ancestors.contains(status.identity) else {
            others.append((path, "a link back to a directory that contains it"))
            return
        }
        let names: [String]
        do {
            names = try AdaDimFiles.names(inDirectory: directory + "/" + path)
        } catch {
            others.append((path + "/", error.reason))
            return
        }
        let isModule = modules.hold(path)
        for name in names where !Self.isPassedOver(name) {
            budget.entries -= 1
            guard budget.entries >= 0 else {
                throw TooMuch(reason: "more than \(CarriedFiles.mostFolderEntries) files")
            }
            let inside = path + "/" + name
            guard !ownWeights.contains(inside.pathBytes), let found = self.status(of: inside) else { continue }
            switch found.kind {
            case _ where name.isHiddenName: addHidden(inside, found)
            case .directory: try walk(inside, found, in: ancestors + [status.identity], &budget)
            case .file where isModule: carry(inside, found)
            case .file where Self.isWeights(name): weights.append(inside)
            case .file:
                budget.bytes -= found.bytes
                guard budget.bytes >= 0 else { throw TooMuch(reason: "more than 256 MB") }
                carry(inside, found)
            default: others.append((inside, "\(found.kind)"))
            }
        }
    }

    // MARK: Notices

    var notices: [String] {
        var notices: [String] = []
        if !weights.isEmpty {
            notices.append(
                "\(directory): not carried over, as weights of their own: \(shortList(weights, most: Self.most))")
        }
        if !others.isEmpty {
            let named = others.map { "\($0.path) (\($0.reason))" }
            notices.append("\(directory): not carried over: \(shortList(named, most: Self.most))")
        }
        notices += pointers.map { "\(directory)/\($0.path): \($0.found); it is carried over as it is" }
        return notices
    }

    /// Files named in a notice, at most.
    private static let most = 20
}
