import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization

/// The object of an `adadim_quantizer *`.
final class QuantizerHandle: Sendable {
    let quantizer: LayerQuantizer<Float>

    init(_ gram: consuming Gram<Float>, _ options: QuantizationOptions, _ progress: Progress?) throws {
        quantizer = try LayerQuantizer(gram: consume gram, options: options, cancellation: progress?.cancellation) {
            progress?.report($0)
        }
    }
}

@_cdecl("adadim_quantizer_create")
public func quantizerCreate(
    _ gram: OpaquePointer?, _ options: UnsafePointer<adadim_options>?, _ progress: adadim_progress?,
    _ context: UnsafeMutableRawPointer?, _ quantizer: UnsafeMutablePointer<OpaquePointer?>?
) -> adadim_status {
    call {
        try make(quantizer, "quantizer") {
            let handle: GramHandle = try object(gram, "gram")
            let options = try QuantizationOptions(options)
            let copy = try handle.gram.withLock { gram in
                // The caller's, a copy, and one more where the columns are put in order.
                try checkMemory(
                    bytes: (options.factor.activationOrder ? 12 : 8) * gram.order * gram.order, rows: gram.order,
                    columns: gram.order)
                return try gram.copy()
            }
            return try QuantizerHandle(copy, options, Progress(progress, context))
        }
    }
}

@_cdecl("adadim_quantizer_take")
public func quantizerTake(
    _ gram: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<adadim_options>?,
    _ progress: adadim_progress?, _ context: UnsafeMutableRawPointer?,
    _ quantizer: UnsafeMutablePointer<OpaquePointer?>?
) -> adadim_status {
    call {
        try make(quantizer, "quantizer") {
            guard let gram else { throw CallError.null("gram", expected: "a pointer to a handle") }
            let taken = UnsafeRawPointer(gram).loadUnaligned(as: OpaquePointer?.self)
            let handle: GramHandle = try object(taken, "*gram")
            let options = try QuantizationOptions(options)
            store(OpaquePointer?.none, at: gram)
            let sums = handle.gram.withLock { $0.taken() }
            destroy(taken, GramHandle.self)
            return try QuantizerHandle(sums, options, Progress(progress, context))
        }
    }
}

@_cdecl("adadim_quantizer_destroy")
public func quantizerDestroy(_ quantizer: OpaquePointer?) { destroy(quantizer, QuantizerHandle.self) }

@_cdecl("adadim_quantizer_quantize")
public func quantizerQuantize(
    _ quantizer: OpaquePointer?, _ weight: UnsafeRawPointer?, _ type: adadim_type, _ out: Int64,
    _ progress: adadim_progress?, _ context: UnsafeMutableRawPointer?, _ layer: UnsafeMutablePointer<OpaquePointer?>?
) -> adadim_status {
    call {
        try make(layer, "layer") {
            let handle: QuantizerHandle = try object(quantizer, "quantizer")
            let (type, rows) = (try StoredFloat(type), try size(out, "out"))
            let factor = handle.quantizer.factor
            let numbers = try bytes(weight, "weight", rows: out, columns: factor.inputs, type)
            // The thread count is read once for the plan and the work, so that another thread cannot change it in
            // between.
            let threads = BLASLibrary.threadCount
            try MemoryPlan(rows: rows, columns: factor.inputs, options: handle.quantizer.options, threads: threads)
                .check()
            let progress = Progress(progress, context)
            let result = try handle.quantizer.quantize(
                rowMajor: numbers, of: type, rows: rows, threads: threads, cancellation: progress?.cancellation
            ) { progress?.report($0) }
            return LayerHandle(
                result, dampingShare: factor.dampingShare, inactiveInputs: factor.inactiveInputCount)
        }
    }
}
