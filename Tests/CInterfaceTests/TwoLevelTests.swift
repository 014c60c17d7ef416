import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// Two-level grids through adadim.h: the parts that the Swift interface finds, number for number.
@Suite struct TwoLevelTests {
    private static let types: [(TwoLevelType, Int)] = [
        (.q2K, ADADIM_GRID_Q2_K), (.q3K, ADADIM_GRID_Q3_K), (.q4K, ADADIM_GRID_Q4_K), (.q5K, ADADIM_GRID_Q5_K),
        (.q6K, ADADIM_GRID_Q6_K),
    ]

    private let layer = CLayer(out: 11, inputs: 512, tokens: 600)

    @Test(arguments: types)
    func partsAreTheSwiftInterfaces(_ type: TwoLevelType, _ number: Int) throws {
        var options = defaultOptions()
        try check(adadim_options_set_grid(&options, Int32(number)))
        #expect((options.bits, options.group_size) == (Int64(type.bits), Int64(type.groupSize)))
        let expected = try layer.quantized(.init(.fast) { $0.grid.twoLevel = type }).quantized
        let parts = try #require(expected.twoLevel)
        try layer.withLayer(options) { handle in
            var info = adadim_layer_info()
            info.size = Int64(MemoryLayout<adadim_layer_info>.size)
            try check(adadim_layer_get_info(handle, &info))
            #expect((info.grid_type, info.super_columns) == (Int32(number), 2))
            #expect(info.dimension == Int32(ADADIM_PER_OC))
            func expect<Number: Numeric & BitwiseCopyable & Sendable>(
                _ numbers: Matrix<Number>?,
                _ call: (OpaquePointer?, UnsafeMutablePointer<Number>?, Int64, UnsafeMutablePointer<Int64>?) ->
                    adadim_status
            ) throws {
                #expect(try read(Number.self) { call(handle, $0, $1, $2) } == numbers?.rowMajorElements ?? [])
            }
            try expect(expected.codes, adadim_layer_codes)
            try expect(expected.scales, adadim_layer_scales)
            try expect(expected.offsets, adadim_layer_offsets)
            try expect(parts.superScales, adadim_layer_super_scales)
            try expect(parts.superOffsets, adadim_layer_super_offsets)
            try expect(parts.scales, adadim_layer_whole_scales)
            try expect(parts.offsets, adadim_layer_whole_offsets)
        }
    }

    @Test func uniformLayersHaveNoneOfIt() throws {
        try layer.withLayer { handle throws in
            for call in [adadim_layer_offsets, adadim_layer_super_scales, adadim_layer_super_offsets] {
                #expect(try read(Float.self) { call(handle, $0, $1, $2) } == [])
            }
            #expect(try read(Int8.self) { adadim_layer_whole_scales(handle, $0, $1, $2) } == [])
            #expect(try read(UInt8.self) { adadim_layer_whole_offsets(handle, $0, $1, $2) } == [])
        }
    }

    private func text(_ change: (inout adadim_options) throws -> Void) -> String {
        do {
            var options = defaultOptions()
            try change(&options)
            return try layer.withLayer(options) { _ in "nothing failed" }
        } catch {
            return (error as? Failure)?.text ?? "\(error)"
        }
    }

    @Test func contradictionsAreRefused() throws {
        #expect(
            text { try check(adadim_options_set_grid(&$0, 1)) }
                == "grid_type is 1, expected one of adadim.h's names for it")
        #expect(
            text { $0.grid_type = Int32(ADADIM_GRID_Q3_K) }
                == "bits is 4, expected 3, which follows from gridType Q3_K")
        #expect(
            text {
                try check(adadim_options_set_grid(&$0, Int32(ADADIM_GRID_Q4_K)))
                $0.dimension = Int32(ADADIM_PER_IC)
            } == "dimension is per-ic, expected per-oc or adaptive, since gridType Q4_K has groups along rows")
        #expect(throws: Failure.self) { try check(adadim_options_set_grid(nil, 0)) }
    }

    @Test func backToUniformIsTheDefault() throws {
        var options = defaultOptions()
        try check(adadim_options_set_grid(&options, Int32(ADADIM_GRID_Q6_K)))
        try check(adadim_options_set_grid(&options, Int32(ADADIM_GRID_UNIFORM)))
        let fresh = defaultOptions()
        #expect(
            (options.bits, options.group_size, options.symmetric) == (fresh.bits, fresh.group_size, fresh.symmetric))
    }
}
