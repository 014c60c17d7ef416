import AdaDimFiles
import AdaDimJSON

/// The folders that a modules.json names: parts of an embedding model that come after the transformer, some with small
/// weights of their own.
struct SentenceTransformerModules {
    /// By the components of their paths from the model's directory, each as bytes; the transformer's own folder is that
    /// directory and not among them.
    private let folders: [[[UInt8]]]

    /// Bytes of a modules.json, which has some hundred.
    private static let mostBytes = 1 << 20

    /// - Parameter directory: of the model. Without a modules.json, or with one in another form, there are none.
    init(in directory: String) {
        let bytes = (try? readFile(directory + "/modules.json", atMost: Self.mostBytes)) ?? []
        let modules = (try? JSONDocument(bytes).value.elements) ?? []
        folders = modules.compactMap { $0["path"]?.text }
            .map { $0.componentBytes.filter { $0 != [UInt8(ascii: ".")] } }.filter { !$0.isEmpty }
    }

    /// Whether a path in the model's directory is such a folder or inside one.
    func hold(_ path: String) -> Bool {
        let parts = path.componentBytes
        return folders.contains { parts.starts(with: $0) }
    }
}
