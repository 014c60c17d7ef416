import AdaDimArchitectures
import AdaDimLinearAlgebra
import AdaDimSafetensors

extension Checkpoint {
    private var names: ModelNames { configuration.architecture.names }
    /// What other models have in place of an output projection.
    private static let otherHeads = [
        (name: "score.weight", model: "a classifier"), (name: "qa_outputs.weight", model: "a question answering model"),
    ]

    /// The tensor that embeds tokens, [vocabulary, hidden]. One that is tied to the output projection may be stored
    /// under that one's name alone.
    package var embeddingName: String {
        let isStoredAsHead =
            configuration.tiesEmbeddings && !contains(names.embeddingWeight) && contains(names.headWeight)
        return isStoredAsHead ? names.headWeight : names.embeddingWeight
    }

    /// The tensor with a layer's weight.
    package func weightName(of layer: LinearLayer) -> String {
        layer.place.embeds ? embeddingName : layer.weightName
    }

    /// The layers of no block that are packed.
    package var packedTables: [LinearLayer] {
        let tables = [configuration.embedding] + (configuration.tiesEmbeddings ? [] : [configuration.head])
        return tables.filter { packedLayers?[$0.moduleName] != nil }
    }

    /// The tensor of the output projection, [vocabulary, hidden]. As in transformers, `tie_word_embeddings` makes it the
    /// embedding only where no other is stored.
    /// - Throws: ``CheckpointError/noOutputProjection(directory:reason:)``.
    package func outputName() throws(CheckpointError) -> String {
        // What else such a model's files hold, no language model reads.
        if naming.isQuestionAnswering {
            throw .noOutputProjection(
                directory: directory.path,
                reason: "names of tensors begin with \(naming.prefix), as those of question answering models do")
        }
        if contains(names.headWeight) { return names.headWeight }
        if let other = Self.otherHeads.first(where: { contains($0.name) }) {
            throw .noOutputProjection(
                directory: directory.path,
                reason: "no tensor \(names.headWeight) in the weights, but \(other.name): \(other.model)")
        }
        guard configuration.tiesEmbeddings else {
            throw .noOutputProjection(
                directory: directory.path,
                reason: "no tensor \(names.headWeight) in the weights, and tie_word_embeddings is not true")
        }
        return embeddingName
    }

    /// Refuses to quantize a table that is stored twice: who reads the output takes one of the two, or the other.
    package func checkTableIsStoredOnce() throws(CheckpointError) {
        guard configuration.tiesEmbeddings, contains(names.embeddingWeight), contains(names.headWeight) else { return }
        throw .inconsistent(
            file: configFile.path,
            reason: "tie_word_embeddings is true, but \(names.headWeight) is stored beside \(names.embeddingWeight), "
                + "expected one table to quantize")
    }

    /// The notice where embeddings are tied to an output projection that is stored with other values.
    func noticeOfTiedHead() -> String? {
        guard configuration.tiesEmbeddings, let embedding = try? location(of: names.embeddingWeight),
            let head = try? location(of: names.headWeight), !isEqual(embedding, head)
        else { return nil }
        return """
            \(configFile.path): tie_word_embeddings is true, but \(names.headWeight) is stored with other values than \
            \(embedding.entry.name): each is used as it is stored, as transformers does
            """
    }

    /// Whether two tensors have the same shape and values, read from their beginnings until they differ.
    private func isEqual(_ one: Location, _ other: Location) -> Bool {
        guard one.entry.shape == other.entry.shape, let type = StoredFloat(one.entry.elementType),
            let otherType = StoredFloat(other.entry.elementType)
        else { return false }
        let count = one.entry.byteRange.count / type.byteWidth
        let piece = 1 << 20
        for start in stride(from: 0, to: count, by: piece) {
            let range = start..<min(start + piece, count)
            if values(range, of: one, type) != values(range, of: other, otherType) { return false }
        }
        return true
    }

    private func values(_ range: Range<Int>, of location: Location, _ type: StoredFloat) -> [Float] {
        let bytes = range.lowerBound * type.byteWidth..<range.upperBound * type.byteWidth
        defer { location.file.releasePages(of: location.entry, bytes: bytes) }
        return location.file.withBytes(of: location.entry) { tensor in
            [Float](unsafeUninitializedCapacity: range.count) { buffer, initialized in
                if let source = tensor.baseAddress, let target = buffer.baseAddress {
                    _ = type.widen(source + bytes.lowerBound, count: range.count, to: target)
                }
                initialized = range.count
            }
        }
    }
}
