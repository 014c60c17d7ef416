import AdaDimDecoder
import AdaDimLinearAlgebra

/// How variants of a model fare against the original on the same windows of a text.
package struct ModelComparison: Sendable, Codable, Equatable {
    /// One variant's figures, of each window.
    package struct Variant: Sendable, Codable, Equatable {
        package let name: String
        /// Σ of the log-likelihoods of the predicted tokens, in nats.
        package let windowLogLikelihoods: [Double]
        /// Σ of KL(original‖variant) of the next-token distributions at the same places, in nats.
        package let windowDivergences: [Double]

        package init(name: String, windowLogLikelihoods: [Double], windowDivergences: [Double]) {
            self.name = name
            self.windowLogLikelihoods = windowLogLikelihoods
            self.windowDivergences = windowDivergences
        }
    }

    /// Tokens in a window.
    package let windowLength: Int
    /// Of the original.
    package let windowLogLikelihoods: [Double]
    package let variants: [Variant]

    package init(windowLength: Int, windowLogLikelihoods: [Double], variants: [Variant]) {
        self.windowLength = windowLength
        self.windowLogLikelihoods = windowLogLikelihoods
        self.variants = variants
    }

    /// A model of the comparison, and its name.
    package typealias Named = (name: String, model: DecoderModel)

    /// Runs the models over windows of a text, one after another; the original's outputs are kept meanwhile.
    /// - Parameters:
    ///   - tokens: ids of the whole text.
    ///   - windows: from ``PerplexityWindows/init(tokens:length:limit:)`` for the same text.
    ///   - hiddenBytes: what the hidden states of one round may take, of each of two models.
    ///   - progress: called with the model's name, and as ``SequenceLogLikelihoods`` does.
    /// - Throws: ``ComparisonError``.
    package init(
        of original: Named, with variants: [Named], on tokens: [Int32], windows: PerplexityWindows,
        hiddenBytes: Int = 128 << 20, batchBytes: Int = 16 << 20,
        progress: (String, EvaluationProgress) throws -> Void = { _, _ in }
    ) throws {
        let vocabulary = original.model.configuration.vocabularySize
        for variant in variants where variant.model.configuration.vocabularySize != vocabulary {
            throw ComparisonError.vocabulariesDiffer(
                name: variant.name, found: variant.model.configuration.vocabularySize, expected: vocabulary)
        }
        for (name, model) in [original] + variants {
            do {
                try windows.check(tokens, model.configuration)
            } catch {
                throw ComparisonError.model(name: name, error)
            }
        }
        let sequences = windows.windows(of: tokens)
        let rounds = SequenceRounds(sequences, hiddenBytes: hiddenBytes, batchBytes: batchBytes, original.model)
        var likelihoods: [Double] = []
        var found = [(likelihoods: [Double], divergences: [Double])](repeating: ([], []), count: variants.count)
        for round in rounds.indices {
            let outputs = try rounds.outputs(of: original.model, round: round) { try progress(original.name, $0) }
            for (index, variant) in variants.enumerated() {
                let pair = try LogitPair(
                    original.model, outputs, variant.model,
                    rounds.outputs(of: variant.model, round: round) { try progress(variant.name, $0) },
                    sequences: rounds[round])
                if index == 0 { likelihoods += try pair.sums(pair.original, original.name) }
                found[index].likelihoods += try pair.sums(pair.variant, variant.name)
                found[index].divergences += try pair.sums(pair.divergences, variant.name)
            }
        }
        self.init(
            windowLength: windows.length, windowLogLikelihoods: likelihoods,
            variants: zip(variants, found).map {
                Variant(name: $0.name, windowLogLikelihoods: $1.likelihoods, windowDivergences: $1.divergences)
            })
    }
}

/// What stops a comparison, beyond what stops an evaluation.
package enum ComparisonError: Error, Equatable, CustomStringConvertible, Sendable {
    case vocabulariesDiffer(name: String, found: Int, expected: Int)
    case notFinite(name: String, window: Int)
    /// A model that the windows do not suit.
    case model(name: String, PerplexityError)
    case variantTwice(name: String)

    package var description: String {
        switch self {
        case .vocabulariesDiffer(let name, let found, let expected):
            "\(name): a vocabulary of \(found), expected the original's \(expected)"
        case .notFinite(let name, let window): "\(name): window \(window) has logits that are no finite numbers"
        case .model(let name, let error): "\(name): \(error)"
        case .variantTwice(let name): "\(name): given twice, expected variants that differ"
        }
    }
}

/// The predictions of two models for the same sequences, token by token, from logits that are never in memory all at
/// once.
private struct LogitPair {
    let original: [Double]
    let variant: [Double]
    let divergences: [Double]
    private let sequences: ArraySlice<[Int32]>

    init(
        _ originalModel: DecoderModel, _ originalOutputs: [Matrix<Float>], _ variantModel: DecoderModel,
        _ variantOutputs: [Matrix<Float>], sequences: ArraySlice<[Int32]>
    ) throws {
        self.sequences = sequences
        // Those of a sequence's last token predict nothing, so any target does.
        let targets = sequences.flatMap { $0.dropFirst() + [0] }
        var (p, q) = (TargetLogLikelihoods(targets: targets), TargetLogLikelihoods(targets: targets))
        var divergences = NextTokenDivergences(tokens: targets.count)
        let vocabulary = originalModel.configuration.vocabularySize
        let rowsAtOnce = min(DecoderModel.panelLength, vocabulary)
        // Both were cut by the same rounds: batch by batch they hold the same tokens.
        let most = originalOutputs.lazy.map(\.columns).max() ?? 0
        var logits = (
            Matrix<Float>(uninitialized: rowsAtOnce, most), Matrix<Float>(uninitialized: rowsAtOnce, most)
        )
        for start in stride(from: 0, to: vocabulary, by: rowsAtOnce) {
            let rows = start..<min(start + rowsAtOnce, vocabulary)
            let panels = (try originalModel.outputPanel(rows), try variantModel.outputPanel(rows))
            var start = 0
            for (x, y) in zip(originalOutputs, variantOutputs) {
                let columns = start..<start + x.columns
                logits.0.withMutableView { first in
                    logits.1.withMutableView { second in
                        let a = first[rows: 0..<rows.count, columns: 0..<columns.count]
                        let b = second[rows: 0..<rows.count, columns: 0..<columns.count]
                        panels.0.withView { panel in x.withView { gemm(1, panel, .transposed, $0, .none, 0, a) } }
                        panels.1.withView { panel in y.withView { gemm(1, panel, .transposed, $0, .none, 0, b) } }
                        p.add(a.reading, rows: rows, columns: columns)
                        q.add(b.reading, rows: rows, columns: columns)
                        divergences.add(original: a.reading, variant: b.reading, columns: columns)
                    }
                }
                start = columns.upperBound
            }
        }
        originalModel.releaseOutput()
        variantModel.releaseOutput()
        (original, variant, self.divergences) = (p.values, q.values, divergences.values)
    }

    /// Σ over the places of each sequence that predict a token.
    func sums(_ values: [Double], _ name: String) throws(ComparisonError) -> [Double] {
        var start = 0
        var sums: [Double] = []
        for (index, sequence) in zip(sequences.indices, sequences) {
            let sum = values[start..<start + sequence.count - 1].reduce(0, +)
            guard sum.isFinite else { throw .notFinite(name: name, window: index) }
            sums.append(sum)
            start += sequence.count
        }
        return sums
    }
}
