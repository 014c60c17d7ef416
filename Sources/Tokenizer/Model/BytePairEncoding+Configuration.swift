import AdaDimJSON

extension BytePairEncoding {
    init(_ configuration: ConfigurationValue) throws(TokenizerError) {
        // Files from before 2020 have no type; they are recognized by their merges.
        let hasMerges = try configuration.optional("merges") != nil
        let type = try configuration.optional("type")?.text().description ?? (hasMerges ? "BPE" : "")
        guard type == "BPE" else {
            throw configuration.unsupported("the model type \"\(type)\" is not supported, only \"BPE\" is")
        }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = try configuration.optional(name), try !affix.text().bytes.isEmpty {
                throw affix.unsupported("found \(affix.value.summary); only null and \"\" are supported")
            }
        }
        if let dropout = try configuration.optional("dropout") {
            switch dropout.value {
            case .integer(0), .real(0): break
            default: throw dropout.unsupported("found \(dropout.value.summary); only null and 0 are supported")
            }
        }
        let vocabulary = try Self.vocabulary(try configuration.required("vocab"))
        self.vocabulary = vocabulary
        merges = try Self.merges(try configuration.required("merges"), vocabulary)
        unknownToken = try configuration.optional("unk_token")?.text()
        fusesUnknown = try configuration.optional("fuse_unk")?.boolean() ?? false
        ignoresMerges = try configuration.optional("ignore_merges")?.boolean() ?? false

        var scalarIDs: [UInt32: Int32] = [:]
        for (token, id) in vocabulary where token.bytes.count <= 4 {
            let scalars = token.description.unicodeScalars
            if scalars.count == 1, let scalar = scalars.first { scalarIDs[scalar.value] = id }
        }
        self.scalarIDs = scalarIDs
        guard try configuration.optional("byte_fallback")?.boolean() ?? false else {
            byteIDs = nil
            return
        }
        byteIDs = (0...0xFF).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return vocabulary[ByteString("<0x\(digits.count < 2 ? "0" : "")\(digits)>")] ?? -1
        }
    }

    private static func vocabulary(_ configuration: ConfigurationValue) throws(TokenizerError) -> [ByteString: Int32] {
        let members = try configuration.members()
        var vocabulary: [ByteString: Int32] = [:]
        vocabulary.reserveCapacity(members.count)
        var tokens: [Int32: ByteString] = [:]
        tokens.reserveCapacity(members.count)
        for (token, value) in members {
            let place = ConfigurationValue(value: value, file: configuration.file, place: "model.vocab[\"\(token)\"]")
            let id = try place.tokenID()
            if let other = tokens.updateValue(token, forKey: id) {
                throw place.malformed("the id \(id) is also that of \"\(other)\"")
            }
            vocabulary[token] = id
        }
        return vocabulary
    }

    private static func merges(
        _ configuration: ConfigurationValue, _ vocabulary: [ByteString: Int32]
    ) throws(TokenizerError) -> [UInt64: Merge] {
        var merges: [UInt64: Merge] = [:]
        var rank: Int32 = 0
        for line in try configuration.elements() {
            guard let (left, right) = try halves(line) else { continue }
            let merged = ByteString(left.bytes + right.bytes)
            var ids: [Int32] = []
            for token in [left, right, merged] {
                guard let id = vocabulary[token] else {
                    throw line.malformed("merges \"\(left)\" and \"\(right)\", but the vocabulary has no \"\(token)\"")
                }
                ids.append(id)
            }
            merges[pair(ids[0], ids[1])] = Merge(rank: rank, id: ids[2])
            rank += 1
        }
        return merges
    }

    /// `"a b"` or `["a", "b"]`; nil for the version line that some lists begin with.
    private static func halves(_ line: ConfigurationValue) throws(TokenizerError) -> (ByteString, ByteString)? {
        if case .array = line.value {
            let parts = try line.elements()
            guard parts.count == 2 else { throw line.malformed("found \(parts.count) tokens, expected two") }
            return (try parts[0].text(), try parts[1].text())
        }
        let text = try line.text()
        if text.bytes.starts(with: "#version".utf8) { return nil }
        let parts = text.bytes.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw line.malformed("found \"\(text)\", expected two tokens with one space between")
        }
        return (ByteString(parts[0]), ByteString(parts[1]))
    }
}
