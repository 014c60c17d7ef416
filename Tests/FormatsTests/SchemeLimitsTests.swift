import AdaDimFormats
import AdaDimQuantizedMatrices
import Testing

/// What a format says before a run.
@Suite("What formats can hold")
struct SchemeLimitsTests {
    private func scheme(
        bits: Int = 4, rows: Int = 64, columns: Int = 64, groupSize: Int? = 32,
        _ dimension: ChannelDimension = .perOutputChannel, symmetric: Bool = true, scales type: ScaleType = .bfloat16
    ) -> LayerScheme {
        LayerScheme(
            bits: bits, layout: GroupLayout(rows: rows, columns: columns, groupSize: groupSize, dimension: dimension),
            isSymmetric: symmetric, scaleType: type)
    }

    /// A format as runtimes have them: one width, one direction, whole groups, no zero points, fused layers.
    private let strict = SchemeLimits(
        bits: [4], directions: [.perOutputChannel], groupSizes: .multiples(of: 32), shortLastGroup: .refused,
        zeroPoints: .middle, scaleTypes: [.float16, .bfloat16], agreement: .layersOfOneInput)

    @Test func refusalsSayWhatIsExpected() {
        #expect(strict.storage(of: scheme()) == .packed)
        func reason(_ scheme: LayerScheme, _ limits: SchemeLimits? = nil) -> String? {
            if case .refused(let reason) = (limits ?? strict).storage(of: scheme) { reason } else { nil }
        }
        #expect(reason(scheme(bits: 3)) == "3 bits, expected 4")
        #expect(reason(scheme(.perInputChannel)) == "groups that run per-ic, expected per-oc")
        #expect(reason(scheme(groupSize: 48)) == "groups of 48 weights, expected a multiple of 32")
        #expect(reason(scheme(symmetric: false)) == "zero points, expected a symmetric grid")
        #expect(reason(scheme(scales: .float32)) == "scales in float32, expected bfloat16 or float16")
        #expect(reason(scheme(columns: 48)) == "a last group of 16 weights, expected whole groups of 32")
        #expect(
            reason(scheme(groupSize: 16), SchemeLimits(groupSizes: .among([32, 64, 128])))
                == "groups of 16 weights, expected 32, 64 or 128")
        #expect(reason(scheme(bits: 2), SchemeLimits(bits: [8, 3, 4])) == "2 bits, expected 3, 4 or 8")
    }

    @Test(arguments: ChannelDimension.allCases)
    func whatCompressedTensorsDoesWithAShortLastGroup(_ dimension: ChannelDimension) {
        let format = ExportFormat.compressedTensors
        let whole = scheme(bits: 3, rows: 96, columns: 96, groupSize: 48, dimension, symmetric: false)
        let short = scheme(bits: 3, rows: 96, columns: 96, groupSize: 64, dimension, symmetric: false)
        #expect(format.storage(of: whole) == .packed)
        let channel = dimension == .perOutputChannel ? "inputs" : "outputs"
        #expect(format.storage(of: short) == .dense(because: "the group size 64 does not divide its 96 \(channel)"))
        #expect(ExportFormat.dequantized.storage(of: short) == .dense(because: nil))
        // Nine words of 32 bits a row; 192 groups, each with a scale and a zero point; two sizes.
        #expect(format.size(of: whole, type: .bfloat16).bytes == 96 * 9 * 4 + 192 * 3 + 16)
        #expect(format.size(of: short, type: .bfloat16).bytes == 96 * 96 * 2)
    }

    @Test func runsAreRefusedBeforeTheyBegin() throws {
        let format = ExportFormat(name: "strict", help: "", packing: ToyFormat(limits: strict))
        func text(_ layers: [PlannedLayer]) -> String {
            do {
                try format.check(layers)
                return "held"
            } catch {
                return "\(error)"
            }
        }
        let one = scheme()
        let other = scheme(groupSize: 64)
        func layer(_ name: String, _ schemes: LayerScheme..., input: String = "0.0") -> PlannedLayer {
            PlannedLayer(module: name, input: input, schemes: schemes)
        }
        #expect(text([layer("q", one), layer("k", one), layer("o", other, input: "0.1")]) == "held")
        #expect(
            text([layer("q", one, scheme(.perInputChannel))])
                == "layer q: strict cannot hold it: it would have groups that run per-ic, expected per-oc")
        #expect(
            text([layer("q", scheme(columns: 48))])
                == "layer q: strict cannot hold it: it would have a last group of 16 weights, expected whole groups of 32"
        )
        let differs =
            "layers q and k have the same input, so strict needs one scheme for both: the first would have "
            + "4 bits, groups of 32 per-oc, symmetric, the second "
        #expect(text([layer("q", one), layer("k", other)]) == differs + "4 bits, groups of 64 per-oc, symmetric")
        #expect(text([layer("q", one), layer("k")]) == differs + "plain numbers")
    }

    /// Where a runtime fuses layers, none of them may be open; a layer of an input of its own may.
    @Test func directionsThatAreStillOpen() throws {
        let limits = SchemeLimits(agreement: .layersOfOneInput)
        let format = ExportFormat(name: "fusing", help: "", packing: ToyFormat(limits: limits))
        let open = ChannelDimension.allCases.map { scheme($0) }
        func text(_ schemes: [LayerScheme]...) -> String {
            let layers = schemes.enumerated().map {
                PlannedLayer(module: "layer\($0)", input: "0.0", schemes: $1)
            }
            do {
                try format.check(layers)
                return "held"
            } catch {
                return "\(error)"
            }
        }
        #expect(text(open) == "held")
        func refusal(_ module: String) -> String {
            "layer \(module): its groups may run per-oc or per-ic, which the run decides layer by layer, but fusing needs one "
                + "direction for all layers of an input, stated before the run"
        }
        #expect(text(open, open) == refusal("layer0"))
        #expect(text([scheme()], open) == refusal("layer1"))
        #expect(text([scheme()], [scheme()]) == "held")
    }

    /// Of formats with one `quant_method` the one that takes a checkpoint for its own reads it.
    @Test func formatsMayShareAMethod() throws {
        let formats =
            [ExportFormat(name: "written", help: "", packing: ToyFormat(limits: SchemeLimits()))]
            + ["first", "second"].map { ExportFormat(name: $0, help: "", packing: ReadableToyFormat(variant: $0)) }
        func layers(_ members: String) throws -> [String]? {
            let json = "{\"quantization_config\": {\(members)}}"
            let layers = try ExportFormat.packedLayers(in: json.utf8, file: "config.json", formats: formats) { $0 }
            return layers?.layers.keys.sorted()
        }
        #expect(try layers(#""quant_method": "toy", "variant": "first""#) == ["first"])
        #expect(try layers(#""quant_method": "toy", "variant": "second""#) == ["second"])
        let start = "config.json: quantization_config cannot be read: "
        let end = "; supported is the first toy and the second toy"
        func text(_ members: String) -> String {
            do {
                let found = try layers(members)
                return "\(found ?? [])"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            text(#""quant_method": "toy""#)
                == start + "variant is missing, expected first, and variant is missing, expected second" + end)
        #expect(
            text(#""quant_method": "other", "variant": "first""#)
                == start + "quantization_config.quant_method is other, expected toy" + end)
    }

    @Test func formatsAreFoundByName() {
        #expect(ExportFormat.allCases.map(\.name) == ["dequantized", "compressed-tensors", "gguf", "mlx"])
        for format in ExportFormat.allCases {
            #expect(ExportFormat(rawValue: format.name) == format)
            #expect(format.help.contains("(\(format.name))"))
        }
        #expect(ExportFormat(rawValue: "onnx") == nil)
    }
}
