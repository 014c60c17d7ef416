import AdaDimCHeader
import AdaDimQuantization

extension adadim_options {
    static var defaults: adadim_options {
        let options = QuantizationOptions()
        return adadim_options(
            size: Int64(MemoryLayout<adadim_options>.size), bits: Int64(options.bits),
            group_size: Int64(options.groupSize ?? 0), damping: options.damping, method: Int32(ADADIM_GPTQ),
            dimension: Int32(ADADIM_ADAPTIVE), selection: Int32(ADADIM_SELECT_RTN),
            symmetric: options.isSymmetric ? 1 : 0, activation_order: options.activationOrder ? 1 : 0,
            scale_type: adadim_type(ADADIM_BFLOAT16), ranges: Int32(ADADIM_RANGES_MINMAX),
            refine: Int32(ADADIM_REFINE_BOTH), passes: Int64(options.refinement.passes))
    }
}

extension QuantizationOptions {
    /// The options behind a pointer, at any address; the defaults behind NULL.
    init(_ pointer: UnsafePointer<adadim_options>?) throws {
        guard let pointer else {
            self.init()
            return
        }
        let size = UnsafeRawPointer(pointer).loadUnaligned(as: Int64.self)
        guard size == MemoryLayout<adadim_options>.size else {
            throw CallError.outOfRange(
                "options->size", found: size, expected: "sizeof(adadim_options), as adadim_options_init sets it")
        }
        let options = UnsafeRawPointer(pointer).loadUnaligned(as: adadim_options.self)
        guard options.group_size >= 0 else {
            throw CallError.outOfRange("options->group_size", found: options.group_size, expected: "0 or more")
        }
        self.init(
            bits: Int(options.bits), groupSize: options.group_size == 0 ? nil : Int(options.group_size),
            isSymmetric: try Self.flag(options.symmetric, "options->symmetric"),
            method: try Self.choice(
                options.method, "options->method", [ADADIM_GPTQ: .gptq, ADADIM_ROUND_TO_NEAREST: .roundToNearest]),
            dimension: try Self.choice(
                options.dimension, "options->dimension",
                [
                    ADADIM_ADAPTIVE: .adaptive, ADADIM_PER_OC: .fixed(.perOutputChannel),
                    ADADIM_PER_IC: .fixed(.perInputChannel),
                ]),
            selection: try Self.choice(
                options.selection, "options->selection",
                [ADADIM_SELECT_RTN: .roundToNearest, ADADIM_SELECT_SWEEP: .sweep]),
            damping: options.damping,
            activationOrder: try Self.flag(options.activation_order, "options->activation_order"))
        scaleType = try Self.choice(
            options.scale_type, "options->scale_type",
            [ADADIM_FLOAT32: .float32, ADADIM_BFLOAT16: .bfloat16, ADADIM_FLOAT16: .float16])
        ranges = try Self.choice(
            options.ranges, "options->ranges", [ADADIM_RANGES_MINMAX: .full, ADADIM_RANGES_SEARCH: .search])
        refinement = Refinement(
            parts: try Self.choice(
                options.refine, "options->refine",
                [ADADIM_REFINE_BOTH: .both, ADADIM_REFINE_CODES: .codes, ADADIM_REFINE_SCALES: .scales]),
            passes: Int(options.passes))
        try validate()
    }

    private static func flag(_ value: Int32, _ name: StaticString) throws(CallError) -> Bool {
        try choice(value, name, [0: false, 1: true])
    }

    private static func choice<Value>(
        _ value: Int32, _ name: StaticString, _ values: KeyValuePairs<Int, Value>
    ) throws(CallError) -> Value {
        guard let found = values.first(where: { $0.key == Int(value) }) else {
            throw .outOfRange(name, found: Int64(value), expected: "one of adadim.h's names for it")
        }
        return found.value
    }
}

@_cdecl("adadim_options_init")
public func optionsInit(_ options: UnsafeMutablePointer<adadim_options>?) -> adadim_status {
    call { try answer(options, "options") { .defaults } }
}

@_cdecl("adadim_memory_needed")
public func memoryNeeded(
    _ out: Int64, _ inputs: Int64, _ options: UnsafePointer<adadim_options>?, _ bytes: UnsafeMutablePointer<Int64>?
) -> adadim_status {
    call {
        try answer(bytes, "bytes") {
            Int64(
                try MemoryPlan(
                    rows: try size(out, "out"), columns: try size(inputs, "in"), options: QuantizationOptions(options)
                ).total)
        }
    }
}
