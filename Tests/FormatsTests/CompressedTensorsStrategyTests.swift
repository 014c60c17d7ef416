import AdaDimFormats
import AdaDimQuantizedMatrices
import Testing

/// Which strategy a whole model is written in, decided by its plan.
@Suite("Strategies of compressed-tensors")
struct CompressedTensorsStrategyTests {
    private func scheme(
        bits: Int = 4, rows: Int = 72, columns: Int = 64, groupSize: Int? = 32,
        _ dimension: ChannelDimension = .perOutputChannel, symmetric: Bool
    ) -> LayerScheme {
        LayerScheme(
            bits: bits, layout: GroupLayout(rows: rows, columns: columns, groupSize: groupSize, dimension: dimension),
            isSymmetric: symmetric, scaleType: .bfloat16)
    }

    private func prepared(_ schemes: [LayerScheme]..., format: ExportFormat = .compressedTensors) -> ExportFormat {
        format.prepared(
            for: schemes.enumerated().map { PlannedLayer(module: "layer\($0)", input: "0.\($0)", schemes: $1) })
    }

    private func notice(_ format: ExportFormat) -> String? { format.packing?.notices.joined(separator: "\n") }

    private let only = "compressed-tensors is written with strategy block, which transformers opens and vLLM does not: "

    /// The bytes of the zero points tell the strategies apart: none, 4-bit ones along 72 outputs (9 words) for two groups, or a
    /// byte for each of 144 groups.
    @Test func sizesOfZeroPoints() {
        let symmetric = scheme(symmetric: true)
        let asymmetric = scheme(symmetric: false)
        let perInput = scheme(groupSize: 8, .perInputChannel, symmetric: false)
        func bytes(_ format: ExportFormat, _ scheme: LayerScheme) -> Int? {
            format.packing?.size(of: scheme).zeroPointBytes
        }
        #expect(bytes(prepared([symmetric], [scheme(bits: 3, symmetric: true)]), symmetric) == 0)
        #expect(bytes(prepared([asymmetric]), asymmetric) == 9 * 2 * 4)
        // Three bits straddle words: 216 bits of a column take seven.
        let three = scheme(bits: 3, symmetric: false)
        #expect(bytes(prepared([three]), three) == 7 * 2 * 4)
        // A symmetric layer beside others has middle zero points.
        #expect(bytes(prepared([asymmetric], [symmetric]), symmetric) == 9 * 2 * 4)
        #expect(bytes(.compressedTensors, asymmetric) == 144)
        #expect(bytes(prepared([asymmetric], [three]), asymmetric) == 144)
        #expect(bytes(prepared([asymmetric, perInput]), asymmetric) == 144)
    }

    @Test func noticesNameTheWayOut() {
        let asymmetric = scheme(symmetric: false)
        #expect(notice(prepared([asymmetric], [asymmetric])) == "")
        #expect(notice(prepared([scheme(symmetric: true)], [scheme(bits: 8, symmetric: true)])) == "")
        #expect(notice(prepared([], [])) == "")
        #expect(
            notice(prepared([asymmetric], [asymmetric, scheme(groupSize: 8, .perInputChannel, symmetric: false)]))
                == only + "layer layer1 may be per-IC; --dimension per-oc writes what both open")
        let differ = "layers have zero points and differ in bits or group size (layer0 and layer1)"
        #expect(
            notice(prepared([asymmetric], [scheme(groupSize: 16, symmetric: false)]))
                == only + differ + "; --symmetric, or one --bits and --group-size for all, writes what both open")
        // vLLM takes them.
        #expect(
            notice(prepared([asymmetric], [scheme(groupSize: 16, symmetric: false)], format: Runtime.vLLM.format))
                == "vLLM opens the output and transformers does not: " + differ)
        // A layer that stays dense says nothing of the others.
        #expect(notice(prepared([asymmetric], [scheme(groupSize: 48, .perInputChannel, symmetric: false)])) == "")
        #expect(notice(prepared([asymmetric], [scheme(groupSize: 48, symmetric: false)])) == "")
    }

    /// What is decided holds: a layer that turned out otherwise is refused, not written wrongly.
    @Test func whatWasDecidedIsALimit() {
        let groups = prepared([scheme(symmetric: false)])
        #expect(
            groups.storage(of: scheme(.perInputChannel, symmetric: false))
                == .refused(because: "groups that run per-ic, expected per-oc"))
        #expect(
            prepared([scheme(symmetric: true)]).storage(of: scheme(symmetric: false))
                == .refused(because: "zero points, expected a symmetric grid"))
        #expect(groups == .compressedTensors && groups.name == "compressed-tensors")
        // Once more, for other layers.
        #expect(
            groups.prepared(for: [
                PlannedLayer(
                    module: "q", input: "0",
                    schemes: ChannelDimension.allCases.map { scheme(groupSize: 8, $0, symmetric: false) })
            ]).storage(of: scheme(groupSize: 8, .perInputChannel, symmetric: false)) == .packed)
    }

    @Test func runtimes() {
        #expect(Runtime.allCases.map(\.name) == ["vllm"] && Runtime(rawValue: "vllm")?.title == "vLLM")
        #expect(Runtime(rawValue: "mlx") == nil)
        let vLLM = Runtime.vLLM
        #expect(vLLM.format == .compressedTensors)
        #expect(vLLM.command("out") == "vllm serve out --dtype float16")
        #expect(vLLM.limits.storage(of: scheme(rows: 64, symmetric: false)) == .packed)
        #expect(
            vLLM.limits.storage(of: scheme(symmetric: false))
                == .refused(because: "a weight of 72 × 64, expected multiples of 32"))
        #expect(
            vLLM.limits.storage(of: scheme(rows: 64, groupSize: 7, symmetric: false))
                == .refused(because: "groups of 7 weights, expected a multiple of 2"))
    }
}
