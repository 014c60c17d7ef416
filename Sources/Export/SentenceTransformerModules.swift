import AdaDimFiles
import AdaDimJSON

/// The folders that a modules.json names: parts of an embedding model that come after the transformer, some with small
/// weights of their own.
struct SentenceTransformerModules {
    /// By their paths in the model's directory; the transformer's own is that directory and not among them.
    let folders: Set<String>

    /// - Parameter directory: of the model. Without a modules.json, or with one that says something else, there are none.
    init(in directory: String) {
        let bytes = (try? readFile(directory + "/modules.json")) ?? []
        let modules = (try? JSONDocument(bytes).value.elements) ?? []
        folders = Set(
            modules.compactMap { $0["path"]?.text }
                .map { $0.split(separator: "/").filter { $0 != "." }.joined(separator: "/") }
                .filter { !$0.isEmpty })
    }

    /// Whether a path is that of such a folder or lies in one.
    static func holds(_ path: String, _ folders: Set<String>) -> Bool {
        folders.contains { path == $0 || path.hasPrefix($0 + "/") }
    }
}
