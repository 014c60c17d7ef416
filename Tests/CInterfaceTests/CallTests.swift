import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimReports
import Foundation
import Synchronization
import Testing

@Suite(.serialized) struct CallTests {
    @Test func everyPlaceNamesTheSameVersion() {
        #expect(String(cString: adadim_version()) == ADADIM_VERSION)
        #expect(ADADIM_VERSION == "\(ADADIM_VERSION_MAJOR).\(ADADIM_VERSION_MINOR).\(ADADIM_VERSION_PATCH)")
        #expect(ADADIM_VERSION == toolVersion)
    }

    @Test func theBLASReportIsTheEngines() {
        var blas = adadim_blas()
        blas.size = Int64(MemoryLayout<adadim_blas>.size)
        #expect(adadim_blas_report(&blas) == ADADIM_OK)
        let expected = BLASLibrary.report
        #expect(String(cString: blas.library) == expected.library)
        #expect(String(cString: blas.kernels) == expected.kernels ?? "")
        #expect(String(cString: blas.better_kernels) == expected.betterKernels ?? "")
        #expect(blas.below_processor == (expected.isBelowProcessor ? 1 : 0) && blas.foreign == 0)
        #expect(blas.lacks_threads == 0)
        refused(ADADIM_INVALID_ARGUMENT, "blas is NULL") { adadim_blas_report(nil) }
        blas.size = 8
        refused(ADADIM_INVALID_ARGUMENT, "blas->size is 8, expected sizeof(adadim_blas)") { adadim_blas_report(&blas) }
    }

    private func refused(
        _ status: Int, _ text: String, _ call: () -> adadim_status, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let found = call()
        #expect(found == status, "\(String(cString: adadim_status_name(found)))", sourceLocation: sourceLocation)
        let said = String(cString: adadim_last_error())
        #expect(said.contains(text), "\(said)", sourceLocation: sourceLocation)
    }

    @Test func optionsOutsideTheirRangesAreNamed() throws {
        try CLayer().withGram { gram in
            func refused(_ text: String, _ change: (inout adadim_options) -> Void) {
                var options = defaultOptions()
                change(&options)
                var quantizer: OpaquePointer? = gram
                self.refused(ADADIM_INVALID_ARGUMENT, text) {
                    adadim_quantizer_create(gram, &options, nil, nil, &quantizer)
                }
                #expect(quantizer == nil)
                var taken = gram
                self.refused(ADADIM_INVALID_ARGUMENT, text) {
                    adadim_quantizer_take(&taken, &options, nil, nil, &quantizer)
                }
                #expect(taken == gram && quantizer == nil)
            }
            refused("options->size is 0, expected sizeof(adadim_options)") { $0.size = 0 }
            refused("bits is 5, expected 2, 3, 4 or 8") { $0.bits = 5 }
            refused("options->group_size is -1") { $0.group_size = -1 }
            refused("damping is nan") { $0.damping = .nan }
            refused("damping is -0.5") { $0.damping = -0.5 }
            refused("options->method is 2") { $0.method = 2 }
            refused("options->dimension is -1") { $0.dimension = -1 }
            refused("options->selection is 9") { $0.selection = 9 }
            refused("options->symmetric is 3") { $0.symmetric = 3 }
            refused("options->activation_order is 2") { $0.activation_order = 2 }
            refused("options->scale_type is 3") { $0.scale_type = 3 }
            refused("options->ranges is 2") { $0.ranges = 2 }
            refused("options->refine is 3") { $0.refine = 3 }
            refused("passes is -1, expected 0 to 1000") { $0.passes = -1 }
        }
    }

    @Test func nullAndForeignSizesAreNamed() throws {
        var handle: OpaquePointer?
        refused(ADADIM_INVALID_ARGUMENT, "gram is NULL, expected a pointer to a handle") { adadim_gram_create(4, nil) }
        for inputs in [0, -1, Int64.min, Int64.max, 1 << 28] {
            refused(ADADIM_INVALID_ARGUMENT, "inputs is \(inputs)") { adadim_gram_create(inputs, &handle) }
        }
        refused(ADADIM_OUT_OF_MEMORY, "of memory and this process may use") { adadim_gram_create(1 << 27, &handle) }
        refused(ADADIM_INVALID_ARGUMENT, "gram is NULL, expected a handle") {
            adadim_quantizer_create(nil, nil, nil, nil, &handle)
        }
        refused(ADADIM_INVALID_ARGUMENT, "*gram is NULL") {
            var none: OpaquePointer?
            return adadim_quantizer_take(&none, nil, nil, nil, &handle)
        }
        refused(ADADIM_INVALID_ARGUMENT, "layer is NULL") { adadim_layer_codes(nil, nil, 0, nil) }
        adadim_gram_destroy(nil)
        adadim_quantizer_destroy(nil)
        adadim_layer_destroy(nil)
        let layer = CLayer()
        try layer.withQuantizer { quantizer in
            for out in [0, -1, Int64.max, 1 << 28] {
                refused(ADADIM_INVALID_ARGUMENT, "out is \(out)") {
                    adadim_quantizer_quantize(quantizer, layer.weight, 0, out, nil, nil, &handle)
                }
            }
            refused(ADADIM_INVALID_ARGUMENT, "weight is NULL") {
                adadim_quantizer_quantize(quantizer, nil, 0, 40, nil, nil, &handle)
            }
            refused(ADADIM_INVALID_ARGUMENT, "type is 3") {
                adadim_quantizer_quantize(quantizer, layer.weight, 3, 40, nil, nil, &handle)
            }
            var weight = layer.weight
            weight[71] = .infinity
            refused(ADADIM_NOT_FINITE, "the weight holds NaN or infinity at [1, 1]") {
                adadim_quantizer_quantize(quantizer, weight, 0, 40, nil, nil, &handle)
            }
        }
    }

    /// Tokens have come, and activated nothing: the layer is rounded plainly, and says so.
    @Test func aLayerWithoutAnActiveInputIsALayer() throws {
        var (gram, quantizer, layer): (OpaquePointer?, OpaquePointer?, OpaquePointer?)
        try check(adadim_gram_create_from([Float](repeating: 0, count: 9), 3, 7, &gram))
        try check(adadim_quantizer_take(&gram, nil, nil, nil, &quantizer))
        try check(
            adadim_quantizer_quantize(
                quantizer, [1, 2, 3, -4, 5, 6] as [Float], adadim_type(ADADIM_FLOAT32), 2, nil, nil, &layer))
        var info = adadim_layer_info()
        info.size = Int64(MemoryLayout<adadim_layer_info>.size)
        try check(adadim_layer_get_info(layer, &info))
        #expect(info.inactive_inputs == 3 && info.loss == 0 && info.relative_loss == 0 && info.output_energy == 0)
        #expect(info.dimension == ADADIM_PER_OC && info.rtn_loss_per_ic == 0 && info.gptq_loss_per_oc == 0)
        adadim_layer_destroy(layer)
        adadim_quantizer_destroy(quantizer)
    }

    @Test func aMatrixWithoutAFactorIsAStatus() throws {
        var gram: OpaquePointer?
        var quantizer: OpaquePointer?
        var options = defaultOptions()
        options.damping = 0
        try check(adadim_gram_create_from([1, 2, 0, 2, 1, 0, 0, 0, 1] as [Float], 3, 1, &gram))
        refused(ADADIM_NOT_POSITIVE_DEFINITE, "Cholesky failed at input 0 of 3") {
            adadim_quantizer_create(gram, &options, nil, nil, &quantizer)
        }
        adadim_gram_destroy(gram)
        try check(adadim_gram_create(3, &gram))
        refused(ADADIM_ALL_INPUTS_INACTIVE, "all 3 inputs are inactive") {
            adadim_quantizer_take(&gram, &options, nil, nil, &quantizer)
        }
        #expect(gram == nil && quantizer == nil)
        try check(adadim_gram_create_from([Float](repeating: 0, count: 9), 3, 7, &gram))
        refused(ADADIM_ALL_INPUTS_INACTIVE, "all 3 inputs are inactive: the Gram matrix of 7 tokens is zero") {
            adadim_gram_check_active(gram)
        }
        refused(ADADIM_INVALID_ARGUMENT, "gram is NULL") { adadim_gram_check_active(nil) }
        adadim_gram_destroy(gram)
        try check(adadim_gram_create_from([0, 0, 0, 0, 0, 0, 0, 0, 1] as [Float], 3, 7, &gram))
        try check(adadim_gram_check_active(gram))
        adadim_gram_destroy(gram)
        refused(ADADIM_INVALID_ARGUMENT, "-1.0 at input 0 of its diagonal") {
            adadim_gram_create_from([-1] as [Float], 1, 1, &gram)
        }
        refused(ADADIM_NOT_FINITE, "NaN or infinity") { adadim_gram_create_from([.nan] as [Float], 1, 1, &gram) }
        refused(ADADIM_INVALID_ARGUMENT, "of -5 tokens") { adadim_gram_create_from([1] as [Float], 1, -5, &gram) }
    }

    @Test func aCallbackIsToldAndCancels() throws {
        final class Told: Sendable {
            let shares = Mutex<[Double]>([])
            let limit: Double
            init(limit: Double) { self.limit = limit }
        }
        let callback: adadim_progress = { share, context in
            guard let context else { return 1 }
            let told = Unmanaged<Told>.fromOpaque(context).takeUnretainedValue()
            told.shares.withLock { $0.append(share) }
            return share >= told.limit ? 1 : 0
        }
        let layer = CLayer(out: 200, inputs: 300)
        try layer.withQuantizer { quantizer in
            for limit in [0.0, 0.5, 2] {
                let told = Told(limit: limit)
                var result: OpaquePointer? = quantizer
                let status = adadim_quantizer_quantize(
                    quantizer, layer.weight, 0, 200, callback, Unmanaged.passUnretained(told).toOpaque(), &result)
                let shares = told.shares.withLock { $0 }
                #expect(shares == shares.sorted() && shares.allSatisfy { $0 > 0 && $0 <= 1 })
                if limit > 1 {
                    #expect(status == ADADIM_OK && result != nil)
                    adadim_layer_destroy(result)
                } else {
                    #expect(status == ADADIM_CANCELLED && result == nil)
                    // Never called again once it has cancelled.
                    #expect(shares.filter { $0 >= limit }.count == 1)
                }
            }
        }
        try layer.withGram { gram in
            let told = Told(limit: 0)
            var quantizer: OpaquePointer?
            #expect(
                adadim_quantizer_create(gram, nil, callback, Unmanaged.passUnretained(told).toOpaque(), &quantizer)
                    == ADADIM_CANCELLED)
            #expect(quantizer == nil && told.shares.withLock { $0.count } == 1)
        }
    }

    @Test func eachThreadHasItsOwnLastError() throws {
        #expect(adadim_layer_codes(nil, nil, 0, nil) == ADADIM_INVALID_ARGUMENT)
        let said = Mutex("unset")
        let thread = Thread { said.withLock { $0 = String(cString: adadim_last_error()) } }
        thread.start()
        while !thread.isFinished { usleep(100) }
        #expect(said.withLock { $0 } == "")
        #expect(String(cString: adadim_last_error()).contains("layer is NULL"))
        _ = adadim_options_init(nil, Int32(ADADIM_FAST))
        #expect(String(cString: adadim_last_error()).contains("options is NULL"))
        var options = adadim_options()
        #expect(adadim_options_init(&options, Int32(ADADIM_FAST)) == ADADIM_OK && adadim_last_error().pointee == 0)
    }

    @Test func onlyOneFunctionSetsTheThreads() throws {
        var before: Int64 = 0
        try check(adadim_thread_count(&before))
        defer { _ = adadim_set_thread_count(before) }
        try check(adadim_set_thread_count(2))
        try CLayer(out: 300, inputs: 400).withLayer { _ in }
        var after: Int64 = 0
        try check(adadim_thread_count(&after))
        #expect(after == 2)
        refused(ADADIM_INVALID_ARGUMENT, "count is 0") { adadim_set_thread_count(0) }
    }

    @Test func theMemoryOfALayerIsToldUpFront() throws {
        var bytes: Int64 = 0
        try check(adadim_memory_needed(16384, 53248, nil, &bytes))
        let expected = try MemoryPlan(rows: 16384, columns: 53248).total
        #expect(bytes == Int64(expected))
        refused(ADADIM_INVALID_ARGUMENT, "out is 0") { adadim_memory_needed(0, 5, nil, &bytes) }
        var options = defaultOptions()
        options.group_size = .max
        try check(adadim_memory_needed(1 << 27, 1 << 27, &options, &bytes))
        #expect(bytes > 1 << 56)
    }
}
