import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

@Suite struct LayerTests {
    private static let cases: [(String, QuantizationOptions, adadim_options)] = {
        func pair(
            _ name: String, _ swift: QuantizationOptions, _ change: (inout adadim_options) -> Void
        ) -> (String, QuantizationOptions, adadim_options) {
            var options = defaultOptions()
            change(&options)
            return (name, swift, options)
        }
        return [
            pair("fast", .fast) { _ in },
            pair("balanced", .init()) {
                precondition(adadim_options_init(&$0, Int32(ADADIM_BALANCED)) == ADADIM_OK, "no preset")
            },
            pair(
                "3 bits in groups with a tail",
                .init(.fast) {
                    $0.grid.bits = 3
                    $0.grid.groupSize = 32
                }
            ) { ($0.bits, $0.group_size) = (3, 32) },
            pair(
                "per-OC, whole channels",
                .init(.fast) {
                    $0.grid.groupSize = nil
                    $0.direction = .fixed(.perOutputChannel)
                }
            ) {
                ($0.group_size, $0.dimension) = (0, Int32(ADADIM_PER_OC))
            },
            pair(
                "per-IC by sweep, symmetric",
                .init(.fast) {
                    $0.grid.groupSize = 16
                    $0.grid.isSymmetric = true
                    $0.direction = .fixed(.perInputChannel)
                }
            ) {
                ($0.group_size, $0.dimension, $0.symmetric) = (16, Int32(ADADIM_PER_IC), 1)
            },
            pair(
                "chosen by sweeps",
                .init(.fast) {
                    $0.grid.bits = 2
                    $0.grid.groupSize = 8
                    $0.factor.damping = 0.1
                    $0.direction = .adaptive(by: .sweep)
                }
            ) {
                ($0.bits, $0.group_size, $0.selection, $0.damping) = (2, 8, Int32(ADADIM_SELECT_SWEEP), 0.1)
            },
            pair(
                "8 bits to nearest, scales in float16",
                .init(.fast) {
                    $0.grid.bits = 8
                    $0.grid.groupSize = 64
                    $0.grid.scaleType = .float16
                    $0.method = .roundToNearest
                }
            ) {
                ($0.bits, $0.group_size, $0.method) = (8, 64, Int32(ADADIM_ROUND_TO_NEAREST))
                $0.scale_type = adadim_type(ADADIM_FLOAT16)
            },
            pair(
                "searched ranges, two passes over the scales",
                .init(.fast) {
                    $0.grid.groupSize = 16
                    $0.grid.ranges = .search
                    $0.refinement = Refinement(parts: .scales, passes: 2)
                }
            ) {
                ($0.group_size, $0.ranges, $0.refine) = (16, Int32(ADADIM_RANGES_SEARCH), Int32(ADADIM_REFINE_SCALES))
                $0.passes = 2
            },
            pair(
                "activation order, scales in float32",
                .init(.fast) {
                    $0.grid.scaleType = .float32
                    $0.factor.activationOrder = true
                }
            ) {
                ($0.activation_order, $0.scale_type) = (1, adadim_type(ADADIM_FLOAT32))
            },
        ]
    }()

    @Test(arguments: cases.indices)
    func everythingIsAsTheSwiftInterfaceHasIt(_ index: Int) throws {
        let (name, swift, options) = Self.cases[index]
        let given = CLayer()
        let expected = try given.quantized(swift)
        try given.withLayer(options) { layer in
            let quantized = expected.quantized
            #expect(
                try read(UInt8.self) { adadim_layer_codes(layer, $0, $1, $2) } == quantized.codes.rowMajorElements,
                "\(name)")
            #expect(
                try read(Float.self) { adadim_layer_scales(layer, $0, $1, $2) } == quantized.scales.rowMajorElements,
                "\(name)")
            #expect(
                try read(UInt8.self) { adadim_layer_zero_points(layer, $0, $1, $2) }
                    == quantized.zeroPoints.rowMajorElements, "\(name)")
            #expect(
                try read(UInt32.self) { adadim_layer_packed_codes(layer, $0, $1, $2) }
                    == PackedRows(packing: quantized.codes, bits: quantized.bits).words, "\(name)")
            #expect(
                try read(Float.self) { adadim_layer_dequantized(layer, $0, adadim_type(ADADIM_FLOAT32), $1, $2) }
                    == quantized.dequantized().rowMajorElements, "\(name)")

            var info = adadim_layer_info()
            info.size = Int64(MemoryLayout<adadim_layer_info>.size)
            try check(adadim_layer_get_info(layer, &info))
            #expect(info.out == 40 && info.in == 70 && info.bits == swift.grid.bits, "\(name)")
            #expect(info.group_size == quantized.groupSize, "\(name)")
            #expect(info.scale_rows == quantized.scales.rows && info.scale_columns == quantized.scales.columns)
            #expect(Int(info.words_per_row) == (70 * swift.grid.bits + 31) / 32)
            #expect(info.dimension == Int32(expected.dimension == .perOutputChannel ? ADADIM_PER_OC : ADADIM_PER_IC))
            #expect(info.method == Int32(swift.method == .gptq ? ADADIM_GPTQ : ADADIM_ROUND_TO_NEAREST))
            #expect(info.loss == expected.loss && info.relative_loss == expected.relativeLoss, "\(name)")
            #expect(info.output_energy == expected.outputEnergy && info.damping == swift.factor.damping, "\(name)")
            for (found, dimension, method) in [
                (info.rtn_loss_per_oc, .perOutputChannel, .roundToNearest),
                (info.rtn_loss_per_ic, .perInputChannel, .roundToNearest),
                (info.gptq_loss_per_oc, .perOutputChannel, .gptq), (info.gptq_loss_per_ic, .perInputChannel, .gptq),
            ] as [(Double, ChannelDimension, QuantizationOptions.Method)] {
                let loss = expected.losses[dimension]?[method]
                #expect(loss == nil ? found.isNaN : found == loss, "\(name) \(dimension) \(method)")
            }
            for (found, dimension) in [
                (info.refined_loss_per_oc, .perOutputChannel), (info.refined_loss_per_ic, .perInputChannel),
            ] as [(Double, ChannelDimension)] {
                let loss = expected.losses[dimension]?.refined
                #expect(loss == nil ? found.isNaN : found == loss, "\(name) \(dimension) refined")
            }
        }
    }

    @Test func weightsInSixteenBitsAreWhatTheyStandFor() throws {
        let given = CLayer()
        for (type, stored) in [(ADADIM_BFLOAT16, StoredFloat.bfloat16), (ADADIM_FLOAT16, .float16)] {
            let words = given.weight.map { stored == .float16 ? float16FromFloat($0) : bfloat16FromFloat($0) }
            let widened = words.map { stored == .float16 ? floatFromFloat16($0) : floatFromBFloat16($0) }
            let expected = try quantize(
                Matrix(rowMajor: widened, rows: given.out, columns: given.inputs),
                activations: Matrix(columnMajor: given.activations, rows: given.inputs, columns: given.tokens),
                options: .fast)
            try given.withQuantizer { quantizer in
                var layer: OpaquePointer?
                try check(adadim_quantizer_quantize(quantizer, words, adadim_type(type), 40, nil, nil, &layer))
                defer { adadim_layer_destroy(layer) }
                #expect(
                    try read(UInt8.self) { adadim_layer_codes(layer, $0, $1, $2) }
                        == expected.quantized.codes.rowMajorElements)
                let rounded = expected.quantized.dequantized().rowMajorElements.map {
                    stored == .float16 ? float16FromFloat($0) : bfloat16FromFloat($0)
                }
                let found = try read(UInt16.self) { adadim_layer_dequantized(layer, $0, adadim_type(type), $1, $2) }
                #expect(found == rounded)
            }
        }
    }

    @Test func addressesNeedNoAlignment() throws {
        let given = CLayer()
        let expected = try given.quantized(.init())
        func moved(_ numbers: [Float]) -> [UInt8] { [0] + numbers.withUnsafeBytes { [UInt8]($0) } }
        let (weight, activations) = (moved(given.weight), moved(given.activations))
        var gram: OpaquePointer?
        var quantizer: OpaquePointer?
        var layer: OpaquePointer?
        defer {
            adadim_layer_destroy(layer)
            adadim_quantizer_destroy(quantizer)
            adadim_gram_destroy(gram)
        }
        try check(adadim_gram_create(70, &gram))
        try activations.withUnsafeBytes { bytes in
            try check(
                adadim_gram_accumulate(gram, bytes.baseAddress.map { $0 + 1 }, adadim_type(ADADIM_FLOAT32), 150))
        }
        try check(adadim_quantizer_take(&gram, nil, nil, nil, &quantizer))
        #expect(gram == nil)
        try weight.withUnsafeBytes { bytes in
            try check(
                adadim_quantizer_quantize(
                    quantizer, bytes.baseAddress.map { $0 + 1 }, adadim_type(ADADIM_FLOAT32), 40, nil, nil, &layer))
        }
        var codes = [UInt8](repeating: 0, count: 40 * 70)
        try check(adadim_layer_codes(layer, &codes, 2800, nil))
        #expect(codes == expected.quantized.codes.rowMajorElements)
        var room = [UInt8](repeating: 0xaa, count: 4 * 2800 + 2)
        try room.withUnsafeMutableBytes { bytes in
            try check(
                adadim_layer_dequantized(
                    layer, bytes.baseAddress.map { $0 + 1 }, adadim_type(ADADIM_FLOAT32), 2800, nil))
        }
        let weights = expected.quantized.dequantized().rowMajorElements
        #expect(room.first == 0xaa && room.last == 0xaa && room[1...].dropLast() == moved(weights)[1...])
    }

    @Test func aBufferTooSmallIsNotWrittenTo() throws {
        try CLayer().withLayer { layer in
            var codes = [UInt8](repeating: 0xaa, count: 2799)
            var count: Int64 = 0
            #expect(adadim_layer_codes(layer, &codes, 2799, &count) == ADADIM_BUFFER_TOO_SMALL)
            #expect(String(cString: adadim_last_error()) == "the buffer has room for 2799 numbers, expected 2800")
            #expect(count == 2800 && codes.allSatisfy { $0 == 0xaa })
            #expect(adadim_layer_codes(layer, nil, 0, nil) == ADADIM_INVALID_ARGUMENT)
        }
    }
}
