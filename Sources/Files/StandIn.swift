/// Common files in place of the real one, recognized by their first bytes.
package enum StandIn: Sendable, Equatable, CaseIterable {
    case nothing, gitLFSPointer, gitAnnexPointer, htmlPage, gguf, pyTorch, gzip

    /// Bytes that are enough to recognize each of them.
    package static let prefixLength = 512

    /// - Parameter start: the first bytes of the file, ``prefixLength`` or all that it has.
    package init?(_ start: some Sequence<UInt8>) {
        let start = Array(start.prefix(Self.prefixLength))
        func begins(_ text: String) -> Bool { start.starts(with: text.utf8) }
        if start.isEmpty {
            self = .nothing
        } else if begins("version https://git-lfs.github.com/spec/")
            || begins("version https://hawser.github.com/spec/")
        {
            self = .gitLFSPointer
        } else if begins("/annex/objects/") {
            self = .gitAnnexPointer
        } else if Self.isHTML(start) {
            self = .htmlPage
        } else if begins("GGUF") || begins("FUGG") {
            self = .gguf
        } else if begins("PK\u{3}\u{4}") || start.count > 1 && start[0] == 0x80 && (2...5).contains(start[1]) {
            self = .pyTorch
        } else if start.starts(with: [0x1f, 0x8b]) {
            self = .gzip
        } else {
            return nil
        }
    }

    /// What a file holds; nil where it is none of these, or cannot be read.
    package init?(file path: String) {
        guard let file = try? ReadFile(path), let start = try? file.next(Self.prefixLength) else { return nil }
        self.init(start)
    }

    private static func isHTML(_ start: [UInt8]) -> Bool {
        var text = start[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        text = text.drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
        let lower = text.prefix(16).map { (65...90).contains($0) ? $0 + 32 : $0 }
        return lower.starts(with: "<!doctype html".utf8) || lower.starts(with: "<html".utf8)
    }
}

extension StandIn: CustomStringConvertible {
    /// What it is, and what would do.
    package var description: String {
        switch self {
        case .nothing: "an empty file (0 bytes): download it again"
        case .gitLFSPointer: "a Git LFS pointer: run git lfs pull"
        case .gitAnnexPointer: "a git-annex pointer: run git annex get"
        case .htmlPage: "an HTML page, such as a server answers in place of a file: download it again"
        case .gguf: "a GGUF file: take the model's .safetensors files, or have transformers convert it (gguf_file=)"
        case .pyTorch: "a PyTorch file: have transformers convert it (save_pretrained)"
        case .gzip: "a gzip archive: unpack it"
        }
    }
}
