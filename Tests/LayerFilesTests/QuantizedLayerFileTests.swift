import AdaDimCheckpoint
import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

@Suite struct QuantizedLayerFileTests {
    /// A layer [5, 13], groups of 4 with a shorter last one in both directions.
    private func layer(_ options: QuantizationOptions, scale: Float = 1) throws -> LayerQuantization {
        let weight = Matrix<Float>(rows: 5, columns: 13) { Float(($0 * 17 + $1 * 29) % 23 - 11) * 0.013 * scale }
        let activations = Matrix<Float>(rows: 13, columns: 40) { Float(($0 * 7 + $1 * $1 * 5) % 19 - 9) }
        return try quantize(weight, activations: activations, options: options)
    }

    private func write(
        _ layer: LayerQuantization, _ scaleType: ScaleType, isPacked: Bool, dequantizedType: StoredFloat?,
        _ body: (SafetensorsFile) throws -> Void
    ) throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path("out.safetensors")
        try QuantizedLayerFile(
            layer, name: "a layer", scaleType: scaleType, isPacked: isPacked, dequantizedType: dequantizedType,
            facts: ["producer": "a test", "bits": "99"]
        ).write(to: path)
        try body(try SafetensorsFile(path: path))
    }

    /// The elements of a float tensor, widened.
    private func floats(_ name: String, _ type: StoredFloat, in file: SafetensorsFile) throws -> [Float] {
        try file.withBytes(of: name) { bytes in
            var values = [Float](repeating: 0, count: bytes.count / type.byteWidth)
            let base = try #require(bytes.baseAddress)
            #expect(type.widen(base, count: values.count, to: &values))
            return values
        }
    }

    @Test(arguments: ChannelDimension.allCases, ScaleType.allCases)
    func bytesAreRowMajor(_ dimension: ChannelDimension, _ scaleType: ScaleType) throws {
        let layer = try layer(
            .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 4
                $0.grid.scaleType = scaleType
                $0.direction = .fixed(dimension)
            })
        let quantized = layer.quantized
        let names = ["bfloat16": "BF16", "float16": "F16", "float16-8": "F16"]
        let type = try #require(
            StoredFloat.allCases.first { $0.elementType.rawValue == names[scaleType.rawValue, default: "F32"] })
        try write(layer, scaleType, isPacked: false, dequantizedType: nil) { file in
            let scaleShape = dimension == .perOutputChannel ? [5, 4] : [2, 13]
            #expect(file.tensors.map(\.name) == ["codes", "scales", "zero_points"])
            #expect(file.tensors.map(\.elementType) == [.unsigned8, type.elementType, .unsigned8])
            #expect(file.tensors.map(\.shape) == [[5, 13], scaleShape, scaleShape])
            let codes = try file.withBytes(of: "codes") { [UInt8]($0) }
            let zeros = try file.withBytes(of: "zero_points") { [UInt8]($0) }
            let scales = try floats("scales", type, in: file)
            #expect(codes == quantized.codes.rowMajorElements)
            #expect(zeros == quantized.zeroPoints.rowMajorElements)
            #expect(scales == quantized.scales.rowMajorElements)
            // The formula that the document gives, on what the file holds.
            for i in 0..<5 {
                for j in 0..<13 {
                    let group = dimension == .perOutputChannel ? i * 4 + j / 4 : i / 4 * 13 + j
                    let value = Float(Int(codes[i * 13 + j]) - Int(zeros[group])) * scales[group]
                    #expect(value == quantized.dequantized()[i, j])
                }
            }
        }
    }

    /// Version 2: the tensors and the formula that the document gives, on what the file holds.
    @Test(arguments: TwoLevelType.allCases)
    func twoLevelGrids(_ type: TwoLevelType) throws {
        let weight = Matrix<Float>(rows: 3, columns: 512) { Float(($0 * 17 + $1 * 29) % 23 - 9) * 0.013 }
        let activations = Matrix<Float>(rows: 512, columns: 40) { Float(($0 * 7 + $1 * $1 * 5) % 19 - 9) }
        let layer = try quantize(
            weight, activations: activations,
            options: .init(.fast) {
                $0.grid.twoLevel = type
                $0.direction = .fixed(.perOutputChannel)
            })
        try write(layer, .bfloat16, isPacked: false, dequantizedType: .float32) { file in
            let (groups, supers) = ([3, 512 / type.groupSize], [3, 2])
            var expected: [String: (TensorElementType, [Int])] = [
                "codes": (.unsigned8, [3, 512]), "dequantized": (.float32, [3, 512]), "scales": (.float32, groups),
                "zero_points": (.unsigned8, groups), "super_scales": (.float16, supers),
                "whole_scales": (.signed8, groups),
            ]
            if [.q2K, .q4K, .q5K].contains(type) {
                expected["offsets"] = (.float32, groups)
                expected["super_offsets"] = (.float16, supers)
                expected["whole_offsets"] = (.unsigned8, groups)
            }
            #expect(Set(file.tensors.map(\.name)) == Set(expected.keys))
            for tensor in file.tensors {
                #expect(expected[tensor.name]?.0 == tensor.elementType && expected[tensor.name]?.1 == tensor.shape)
            }
            #expect(file.metadata["format_version"] == "2" && file.metadata["grid_type"] == type.rawValue)
            #expect(file.metadata["scale_type"] == "float32" && file.metadata["bits"] == "\(type.bits)")

            let (codes, zeros) = (
                try file.withBytes(of: "codes") { [UInt8]($0) }, try file.withBytes(of: "zero_points") { [UInt8]($0) }
            )
            let zero: [TwoLevelType: UInt8] = [.q3K: 4, .q6K: 32]
            #expect(zeros.allSatisfy { $0 == zero[type, default: 0] })
            let scales = try floats("scales", .float32, in: file)
            let d = try floats("super_scales", .float16, in: file)
            let sc = try file.withBytes(of: "whole_scales") { $0.map { Int8(bitPattern: $0) } }
            let (g, all) = (type.groupSize, scales.indices)
            /// Of a group's number, that of the numbers which 256 weights share.
            func shared(_ group: Int) -> Int { group / (512 / g) * 2 + group % (512 / g) * g / 256 }
            #expect(all.allSatisfy { scales[$0] == d[shared($0)] * Float(sc[$0]) } && d.contains { $0 != 0 })
            var offsets = [Float](repeating: 0, count: scales.count)
            if expected["offsets"] != nil {
                offsets = try floats("offsets", .float32, in: file)
                let dmin = try floats("super_offsets", .float16, in: file)
                let m = try file.withBytes(of: "whole_offsets") { [UInt8]($0) }
                #expect(
                    all.allSatisfy { offsets[$0] == dmin[shared($0)] * Float(m[$0]) } && offsets.contains { $0 > 0 })
            }
            let values = codes.indices.map { place in
                let group = place / g
                return Float(Int(codes[place]) - Int(zeros[group])) * scales[group] - offsets[group]
            }
            #expect(values == layer.quantized.dequantized().rowMajorElements)
            #expect(try floats("dequantized", .float32, in: file) == values)
        }
    }

    @Test(arguments: QuantizationOptions.Grid.supportedBits)
    func packedCodesUnpack(_ bits: Int) throws {
        let layer = try layer(
            .init(.fast) {
                $0.grid.bits = bits
                $0.grid.groupSize = 4
            })
        try write(layer, .bfloat16, isPacked: true, dequantizedType: nil) { file in
            #expect(file["codes"] == nil)
            let words = (13 * bits + 31) / 32
            #expect(file["packed_codes"]?.shape == [5, words])
            #expect(file["packed_codes"]?.elementType == .signed32)
            // Bit k of a row is bit k mod 8 of byte k / 8: the documented layout, bit by bit.
            let bytes = try file.withBytes(of: "packed_codes") { [UInt8]($0) }
            for i in 0..<5 {
                for j in 0..<13 {
                    let code = (0..<bits).reduce(0) { code, bit in
                        let k = j * bits + bit
                        return code | (Int(bytes[i * words * 4 + k / 8]) >> (k % 8) & 1) << bit
                    }
                    #expect(code == Int(layer.quantized.codes[i, j]))
                }
            }
        }
    }

    @Test(arguments: StoredFloat.allCases)
    func dequantizedIsRoundedToItsType(_ type: StoredFloat) throws {
        let layer = try layer(
            .init(.fast) {
                $0.grid.bits = 4
                $0.grid.groupSize = 4
            })
        try write(layer, .bfloat16, isPacked: false, dequantizedType: type) { file in
            #expect(file["dequantized"]?.shape == [5, 13] && file["dequantized"]?.elementType == type.elementType)
            let values = try floats("dequantized", type, in: file)
            #expect(values == layer.quantized.dequantized().rowMajorElements.map { type.rounded($0) })
        }
    }

    /// The largest weights are ±0.143·5e5 = 71500; F16 ends at 65504.
    @Test func dequantizedBeyondItsTypeIsRefused() throws {
        let layer = try layer(
            .init(.fast) {
                $0.grid.bits = 4
                $0.grid.groupSize = 4
            }, scale: 5e5)
        let text = errorText {
            try write(layer, .bfloat16, isPacked: false, dequantizedType: .float16) { _ in }
        }
        #expect(text == "layer a layer: a quantized weight is beyond the largest F16")
    }

    @Test func metadata() throws {
        let layer = try layer(
            .init(.fast) {
                $0.grid.bits = 2
                $0.grid.groupSize = nil
                $0.direction = .fixed(.perInputChannel)
            })
        try write(layer, .bfloat16, isPacked: false, dequantizedType: nil) { file in
            #expect(
                file.metadata == [
                    "format": "adadim-layer", "format_version": "1", "name": "a layer", "out": "5", "in": "13",
                    // What the layer says of itself cannot be overruled.
                    "bits": "2", "group_size": "5", "dimension": "per-ic", "scale_type": "bfloat16", "method": "gptq",
                    "loss": "\(layer.loss)", "relative_loss": "\(layer.relativeLoss)",
                    "output_energy": "\(layer.outputEnergy)", "producer": "a test",
                ])
            #expect(Double(file.metadata["loss"] ?? "") == layer.loss && layer.loss > 0)
        }
    }

    /// Rows go to the file some 4 MB at a time: here a whole panel and a part of one.
    @Test func panelsOfRows() throws {
        let rows = 600_000
        let weight = Matrix<Float>(rows: rows, columns: 13) { Float(($0 % 1009 * 17 + $1 * 29) % 23 - 11) }
        let activations = Matrix<Float>(rows: 13, columns: 13) { $0 == $1 ? 1 : 0 }
        let layer = try quantize(
            weight, activations: activations,
            options: .init(.fast) {
                $0.method = .roundToNearest
                $0.direction = .fixed(.perOutputChannel)
            })
        try write(layer, .bfloat16, isPacked: false, dequantizedType: nil) { file in
            let codes = try file.withBytes(of: "codes") { [UInt8]($0) }
            // Millions of numbers are not to be told apart in words.
            let areSame = codes == layer.quantized.codes.rowMajorElements
            #expect(areSame)
        }
    }
}
