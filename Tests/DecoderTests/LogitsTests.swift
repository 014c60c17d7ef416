import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Testing

/// Logits against transformers' and against a float64 computation, both from Goldens/make_goldens.py.
struct LogitsTests {
    @Test(arguments: GoldenModel.all)
    func agreeWithTransformers(_ golden: GoldenModel) throws {
        let expected = try golden.expected()
        let logits = try golden.model().logits(of: expected.sequences)
        var column = 0
        for (sequence, rows) in expected.logits.enumerated() {
            for (position, row) in rows.enumerated() {
                let ours = logits.column(column).map(Double.init)
                let reference = expected.referenceLogits[sequence][position]
                try #require(ours.count == row.count)
                let error = zip(ours, reference).map { abs($0 - $1) }.max() ?? .infinity
                try #require(
                    error <= GoldenModel.allowance * expected.rounding,
                    "\(golden.name), sequence \(sequence): first divergent position is \(position), by \(error)")
                // |ours − theirs| ≤ |ours − exact| + |theirs − exact|.
                let difference = zip(ours, row).map { abs($0 - Double($1)) }.max() ?? .infinity
                try #require(
                    difference <= (GoldenModel.allowance + 1) * expected.rounding,
                    "\(golden.name), sequence \(sequence), position \(position): \(difference) from transformers")
                column += 1
            }
        }
        #expect(column == logits.columns)
    }

    /// Each of the settings that the models vary decides something: without it the logits are far off.
    @Test(arguments: [
        ("llama-llama3-rope", #""factor": 8.0"#, #""factor": 2.0"#),
        ("llama-linear-rope", #""type": "linear""#, #""type": "default""#),
        ("mistral-window", #""sliding_window": 7"#, #""sliding_window": 8"#),
        ("qwen2", #""sliding_window": 5"#, #""sliding_window": 6"#),
        ("llama", #""rms_norm_eps": 1e-05"#, #""rms_norm_eps": 1e-02"#),
    ])
    func everySettingCounts(name: String, setting: String, changed: String) throws {
        let golden = GoldenModel(name: name)
        let expected = try golden.expected()
        let logits = try golden.withCopy(replacing: setting, by: changed) {
            try DecoderModel(Checkpoint(directory: $0)).logits(of: [expected.sequences[0]])
        }
        let differences = expected.logits[0].enumerated().map { position, row in
            zip(logits.column(position), row).map { abs(Double($0 - $1)) }.max() ?? 0
        }
        #expect((differences.max() ?? 0) > 100 * GoldenModel.allowance * expected.rounding)
    }
}
