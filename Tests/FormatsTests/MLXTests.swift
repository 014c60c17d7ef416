import AdaDimFormats
import AdaDimJSON
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import Testing

/// What MLX can hold, and what config.json says to it.
@Suite("MLX: limits, sizes, configuration")
struct MLXTests {
    private func scheme(
        bits: Int = 4, rows: Int = 64, columns: Int = 128, groupSize: Int? = 32,
        _ dimension: ChannelDimension = .perOutputChannel, scales type: ScaleType = .bfloat16
    ) -> LayerScheme {
        LayerScheme(
            bits: bits, layout: GroupLayout(rows: rows, columns: columns, groupSize: groupSize, dimension: dimension),
            isSymmetric: false, scaleType: type)
    }

    @Test func whatIsHeld() {
        for bits in [2, 3, 4, 8] {
            for dimension in ChannelDimension.allCases {
                #expect(ExportFormat.mlx.storage(of: scheme(bits: bits, dimension)) == .packed)
            }
        }
        func storage(_ scheme: LayerScheme) -> LayerStorage { ExportFormat.mlx.storage(of: scheme) }
        #expect(
            storage(scheme(groupSize: 16)) == .refused(because: "groups of 16 weights, expected 32, 64 or 128"))
        #expect(
            storage(scheme(columns: 576, groupSize: nil))
                == .refused(because: "groups of 576 weights, expected 32, 64 or 128"))
        #expect(
            storage(scheme(columns: 576, groupSize: 128))
                == .dense(because: "the group size 128 does not divide its 576 inputs"))
        // A whole channel may be a group that MLX has.
        #expect(storage(scheme(columns: 128, groupSize: nil)) == .packed)
    }

    @Test func tablesAreHeldWhereTheyCanBe() {
        func text(_ format: ExportFormat, _ place: LayerPlace) -> String {
            do {
                try format.check([PlannedLayer(module: "table", place: place, input: "table", schemes: [scheme()])])
                return "held"
            } catch {
                return "\(error)"
            }
        }
        for place in [LayerPlace.block, .embedding, .head, .embeddingAndHead] {
            #expect(text(.mlx, place) == "held")
            #expect(text(.dequantized, place) == "held")
        }
        #expect(text(.compressedTensors, .head) == "held")
        let refused = "layer table: compressed-tensors cannot hold it: it would have a quantized "
        #expect(text(.compressedTensors, .embedding) == refused + "embedding table, expected one of plain numbers")
        #expect(
            text(.compressedTensors, .embeddingAndHead)
                == refused + "table that is both embeddings and output projection, expected one of plain numbers")
    }

    private func finished(
        scale: Float, bits: Int, _ type: StoredFloat, _ place: LayerPlace = .block
    ) -> FinishedLayer {
        FinishedLayer(
            module: "layer", place: place, weightName: "layer.weight",
            quantized: QuantizedMatrix(
                codes: Matrix(repeating: 1, rows: 2, columns: 32),
                scales: Matrix(repeating: scale, rows: 2, columns: 1),
                zeroPoints: Matrix(repeating: 1, rows: 2, columns: 1), bits: bits,
                layout: GroupLayout(rows: 2, columns: 32, groupSize: 32, dimension: .perOutputChannel)), type: type)
    }

    /// float16 holds every multiple of a scale of 8 bits at 3 bits, of one of 7 at 4, and none below 2⁻²⁴.
    @Test func offsetsTakeFloat16WhereItIsExact() {
        func groupBytes(_ scale: Float, _ bits: Int, _ type: StoredFloat = .bfloat16) -> Int {
            let size = ExportFormat.mlx.size(of: finished(scale: scale, bits: bits, type))
            #expect(size.codeBytes == 2 * 32 * bits / 8 && size.shapeBytes == 0)
            return (size.scaleBytes + size.zeroPointBytes) / 2
        }
        let (eight, seven): (Float, Float) = (255 / 256, 127 / 128)
        #expect(groupBytes(eight, 2) == 4 && groupBytes(eight, 3) == 4 && groupBytes(eight, 4) == 6)
        #expect(groupBytes(seven, 4) == 4 && groupBytes(seven, 8) == 6 && groupBytes(1, 8) == 4)
        #expect(groupBytes(0x1.fep-17, 3) == 4 && groupBytes(0x1.fep-18, 3) == 6)
        #expect(groupBytes(32768, 2) == 6 && groupBytes(16384, 2) == 4)
        #expect(groupBytes(0x1.ffcp-1, 3, .float16) == 6 && groupBytes(1, 3, .float32) == 4)
        #expect(groupBytes(0x1.fffffep-1, 3, .float32) == 8)
        // Rows of embeddings are looked up by a function that wants one type.
        for place in [LayerPlace.embedding, .embeddingAndHead] {
            let size = ExportFormat.mlx.size(of: finished(scale: eight, bits: 4, .bfloat16, place))
            #expect(size.scaleBytes == 2 * 4 && size.zeroPointBytes == 2 * 4)
            #expect(ExportFormat.mlx.size(of: finished(scale: eight, bits: 3, .bfloat16, place)).scaleBytes == 2 * 2)
        }
        // Before a run, what is usual.
        func least(_ bits: Int, _ type: ScaleType) -> Int {
            let size = ExportFormat.mlx.size(of: scheme(bits: bits, scales: type), type: StoredFloat(type))
            return size.bytes - 64 * 128 * bits / 8
        }
        #expect(least(3, .bfloat16) == 64 * 4 * 4 && least(4, .bfloat16) == 64 * 4 * 6)
        #expect(least(3, .float16) == 64 * 4 * 6 && least(2, .float32) == 64 * 4 * 8)
    }

    private func members(_ layers: [ConfiguredLayer]) throws -> [String: JSONValue] {
        let packing = try #require(ExportFormat.mlx.packing)
        return Dictionary(
            uniqueKeysWithValues: try packing.configuration(of: layers).map {
                ($0.key, try JSONDocument([UInt8]($0.value)).value)
            })
    }

    @Test func everyLayerIsNamed() throws {
        let layers = [
            ConfiguredLayer(names: ["lm_head"], place: .head, scheme: nil),
            ConfiguredLayer(names: ["layers.0.q", "model.layers.0.q"], scheme: scheme(bits: 3)),
            ConfiguredLayer(names: ["model.layers.0.k"], scheme: scheme(bits: 8, groupSize: 64)),
            ConfiguredLayer(names: ["model.layers.0.v"], scheme: scheme(bits: 8, groupSize: 64)),
            ConfiguredLayer(names: ["model.layers.0.o"], scheme: scheme(bits: 4, .perInputChannel)),
        ]
        let found = try members(layers)
        let quantization = try JSONDocument(
            [UInt8](
                """
                {"bits": 8, "group_size": 64, "mode": "affine", "model.layers.0.q": {"bits": 3, "group_size": 32},
                 "model.layers.0.k": {"bits": 8, "group_size": 64}, "model.layers.0.v": {"bits": 8, "group_size": 64}}
                """.utf8)
        ).value
        #expect(found["quantization"]?.members == quantization.members)
        let table = try JSONDocument([UInt8](#"{"model.layers.0.o": {"bits": 4, "group_size": 32}}"#.utf8)).value
        #expect(found["adadim"]?.members == table.members)
        #expect(found["model_file"]?.text == "adadim_model.py")
        let packing = try #require(ExportFormat.mlx.packing)
        let file = try #require(packing.files(for: layers).first)
        #expect(file.name == "adadim_model.py")
        #expect(String(decoding: file.bytes, as: UTF8.self).contains("class PerInputLinear(nn.Module):"))
        // Without per-IC layers mlx-lm needs nothing but itself.
        #expect(Set(try members(Array(layers.dropLast())).keys) == ["quantization"])
        #expect(packing.files(for: Array(layers.dropLast())).isEmpty)
    }

    /// mlx-lm knows no `rope_parameters`, with which transformers 5 replaces two other keys.
    @Test(
        arguments: [
            (#"{"rope_parameters": {"rope_theta": 1e6, "rope_type": "default"}}"#, ["rope_theta: 1000000.0"]),
            (
                #"{"rope_parameters": {"rope_theta": 10000, "rope_type": "linear", "factor": 4.0}, "rope_scaling": null}"#,
                ["rope_theta: 10000", #"rope_scaling: {"factor": 4.0, "rope_type": "linear"}"#]
            ),
            (#"{"rope_parameters": {"rope_theta": 1e6}, "rope_theta": 1e6}"#, []),
            (#"{"rope_theta": 1e6}"#, []),
        ])
    func rotaryKeys(_ config: String, _ expected: [String]) throws {
        let keys = try JSONKeys<FormatError>(config.utf8, file: "config.json")
        let found = try #require(ExportFormat.mlx.packing).completion(of: keys)
        #expect(found.map { "\($0.key): \(String(decoding: $0.value, as: UTF8.self))" } == expected)
    }

    @Test func itsConfigurationIsReadAsItIsWritten() throws {
        func read(_ json: String) -> String {
            do {
                let layers = try ExportFormat.packedLayers(in: json.utf8, file: "config.json") { name in
                    name.hasPrefix("m.") ? name : nil
                }
                return layers.map { $0.layers.keys.sorted().joined(separator: " ") } ?? "none"
            } catch {
                return "\(error)"
            }
        }
        let layer = #"{"bits": 4, "group_size": 32}"#
        #expect(read(#"{"model_type": "llama"}"#) == "none")
        #expect(read(#"{"quantization": {"bits": 4, "group_size": 64, "m.a": \#(layer)}}"#) == "m.a")
        #expect(
            read(#"{"quantization": {"bits": 4, "m.b": \#(layer)}, "adadim": {"m.a": \#(layer)}}"#) == "m.a m.b")
        let start = "config.json: quantization cannot be read: quantization."
        #expect(read(#"{"quantization": {"mode": "mxfp4"}}"#).hasPrefix(start + "mode is mxfp4, expected affine; supp"))
        #expect(read(#"{"quantization": {"bits": 4}}"#).hasPrefix(start + "… names no layer, expected "))
        #expect(
            read(#"{"quantization": {"x": \#(layer)}}"#).hasPrefix(
                start + #"has "x", expected each module's full name, once; supported is MLX's affine quant"#))
        #expect(
            read(#"{"quantization": {"m.a": \#(layer)}, "adadim": {"m.a": \#(layer)}}"#).contains(
                #"adadim.has "m.a", expected"#))
        #expect(
            read(#"{"quantization": {"m.a": {"bits": 5, "group_size": 32}}}"#)
                == "config.json: quantization.m.a.bits is 5, expected 2, 3, 4 or 8")
        #expect(
            read(#"{"quantization": {"m.a": {"bits": 4, "group_size": 16}}}"#)
                == "config.json: quantization.m.a.group_size is 16, expected 32, 64 or 128")
        #expect(
            read(#"{"quantization": {"m.a": {"bits": 4}}}"#)
                == "config.json: quantization.m.a.group_size is missing, expected a number")
    }
}
