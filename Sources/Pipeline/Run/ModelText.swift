import AdaDimFiles
import AdaDimTokenizer
import Foundation

extension Tokenizer {
    /// The tokenizer of a model directory.
    init(model: URL) throws {
        let file = model.appending(path: "tokenizer.json")
        if let missing = MissingTokenizer(file: file.path, model: model.path) { throw missing }
        try StandInFound.refuse(file)
        try self.init(file: file)
    }
}

/// A model directory without tokenizer.json that has the tokenizer in another form.
struct MissingTokenizer: Error, CustomStringConvertible {
    let file: String
    let found: String

    /// nil where the file exists, or nothing in place of it.
    init?(file: String, model: String) {
        guard FileStatus.kind(of: file) == nil, let names = try? names(inDirectory: model) else { return nil }
        let forms = [
            "tokenizer.model", "tekken.json", "sentencepiece.bpe.model", "spiece.model", "vocab.json", "vocab.txt",
        ]
        guard
            let found = forms.first(where: names.contains)
                ?? names.first(where: { $0.hasSuffix(".tiktoken") || $0.hasSuffix(".model") })
        else { return nil }
        (self.file, self.found) = (file, found)
    }

    var description: String {
        "\(file): not found; there is \(found), from which transformers makes it: "
            + "AutoTokenizer.from_pretrained(\"<model>\").save_pretrained(\"<model>\")"
    }
}

/// A file whose contents do not match its name.
struct StandInFound: Error, CustomStringConvertible {
    let file: String
    let found: StandIn

    var description: String { "\(file): \(found)" }

    /// - Throws: ``StandInFound`` where something else is in place of a model's file.
    static func refuse(_ file: URL) throws(StandInFound) {
        if let found = StandIn(file: file.path) { throw StandInFound(file: file.path, found: found) }
    }
}
