import AdaDimCHeader
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// A field of adadim_options, and the setting that it stands for.
private struct OptionField {
    let read: (adadim_options, inout QuantizationOptions) throws -> Void
    let write: (QuantizationOptions, inout adadim_options) -> Void

    static func number<Number>(
        _ field: WritableKeyPath<adadim_options, Number>, _ setting: WritableKeyPath<QuantizationOptions, Number>
    ) -> OptionField {
        OptionField {
            $1[keyPath: setting] = $0[keyPath: field]
        } write: {
            $1[keyPath: field] = $0[keyPath: setting]
        }
    }

    static func number(
        _ field: WritableKeyPath<adadim_options, Int64>, _ setting: WritableKeyPath<QuantizationOptions, Int>
    ) -> OptionField {
        OptionField {
            $1[keyPath: setting] = Int($0[keyPath: field])
        } write: {
            $1[keyPath: field] = Int64($0[keyPath: setting])
        }
    }

    static func choice<Value: Equatable>(
        _ field: WritableKeyPath<adadim_options, Int32>, _ setting: WritableKeyPath<QuantizationOptions, Value>,
        _ name: StaticString, _ values: KeyValuePairs<Int, Value>
    ) -> OptionField {
        OptionField {
            $1[keyPath: setting] = try Choice.value($0[keyPath: field], name, values)
        } write: { options, target in
            guard let found = values.first(where: { $0.value == options[keyPath: setting] }) else {
                preconditionFailure("\(name) has no number for a value of its setting")
            }
            target[keyPath: field] = Int32(found.key)
        }
    }

    /// All fields but `size`.
    static var all: [OptionField] {
        [
            // First: bits, group size and symmetry follow from it.
            .choice(\.grid_type, \.grid.twoLevel, "options->grid_type", Choice.gridType),
            .number(\.bits, \.grid.bits),
            OptionField {
                guard $0.group_size >= 0 else {
                    throw CallError.outOfRange("options->group_size", found: $0.group_size, expected: "0 or more")
                }
                $1.grid.groupSize = $0.group_size == 0 ? nil : Int($0.group_size)
            } write: {
                $1.group_size = Int64($0.grid.groupSize ?? 0)
            },
            .number(\.damping, \.factor.damping),
            .choice(
                \.method, \.method, "options->method", [ADADIM_GPTQ: .gptq, ADADIM_ROUND_TO_NEAREST: .roundToNearest]),
            .choice(
                \.dimension, \.direction.fixedDimension, "options->dimension",
                [ADADIM_ADAPTIVE: nil, ADADIM_PER_OC: .perOutputChannel, ADADIM_PER_IC: .perInputChannel]),
            .choice(
                \.selection, \.direction.selection, "options->selection",
                [ADADIM_SELECT_RTN: .roundToNearest, ADADIM_SELECT_SWEEP: .sweep]),
            .choice(\.symmetric, \.grid.isSymmetric, "options->symmetric", Choice.flag),
            .choice(\.activation_order, \.factor.activationOrder, "options->activation_order", Choice.flag),
            .choice(
                \.scale_type, \.grid.scaleType, "options->scale_type",
                [ADADIM_FLOAT32: .float32, ADADIM_BFLOAT16: .bfloat16, ADADIM_FLOAT16: .float16]),
            .choice(
                \.ranges, \.grid.ranges, "options->ranges",
                [ADADIM_RANGES_MINMAX: .full, ADADIM_RANGES_SEARCH: .search]),
            .choice(
                \.refine, \.refinement.parts, "options->refine",
                [ADADIM_REFINE_BOTH: .both, ADADIM_REFINE_CODES: .codes, ADADIM_REFINE_SCALES: .scales]),
            .number(\.passes, \.refinement.passes),
        ]
    }
}

/// Numbers of adadim.h that stand for values.
private enum Choice {
    static var flag: KeyValuePairs<Int, Bool> { [0: false, 1: true] }
    static var gridType: KeyValuePairs<Int, TwoLevelType?> {
        [
            ADADIM_GRID_UNIFORM: nil, ADADIM_GRID_Q2_K: .q2K, ADADIM_GRID_Q3_K: .q3K, ADADIM_GRID_Q4_K: .q4K,
            ADADIM_GRID_Q5_K: .q5K, ADADIM_GRID_Q6_K: .q6K,
        ]
    }

    static func value<Value>(
        _ number: Int32, _ name: StaticString, _ values: KeyValuePairs<Int, Value>
    ) throws(CallError) -> Value {
        guard let found = values.first(where: { $0.key == Int(number) }) else {
            throw .outOfRange(name, found: Int64(number), expected: "one of adadim.h's names for it")
        }
        return found.value
    }
}

extension adadim_options {
    fileprivate init(_ options: QuantizationOptions) {
        self.init()
        size = Int64(MemoryLayout<adadim_options>.size)
        for field in OptionField.all { field.write(options, &self) }
    }
}

extension QuantizationOptions {
    /// The options at a pointer, at any address; the defaults for NULL.
    init(_ pointer: UnsafePointer<adadim_options>?) throws {
        self.init()
        guard let pointer else { return }
        let size = UnsafeRawPointer(pointer).loadUnaligned(as: Int64.self)
        guard size == MemoryLayout<adadim_options>.size else {
            throw CallError.outOfRange(
                "options->size", found: size, expected: "sizeof(adadim_options), as adadim_options_init sets it")
        }
        let options = UnsafeRawPointer(pointer).loadUnaligned(as: adadim_options.self)
        for field in OptionField.all { try field.read(options, &self) }
        try validate()
    }
}

@_cdecl("adadim_options_init")
public func optionsInit(_ options: UnsafeMutablePointer<adadim_options>?, _ effort: Int32) -> adadim_status {
    call {
        try answer(options, "options") {
            adadim_options(
                QuantizationOptions(
                    try Choice.value(effort, "effort", [ADADIM_FAST: .fast, ADADIM_BALANCED: .balanced])))
        }
    }
}

@_cdecl("adadim_options_set_grid")
public func optionsSetGrid(_ options: UnsafeMutablePointer<adadim_options>?, _ gridType: Int32) -> adadim_status {
    call {
        guard let options else {
            throw CallError.null("options", expected: "a struct that adadim_options_init has set")
        }
        let size = UnsafeRawPointer(options).loadUnaligned(as: Int64.self)
        guard size == MemoryLayout<adadim_options>.size else {
            throw CallError.outOfRange(
                "options->size", found: size, expected: "sizeof(adadim_options), as adadim_options_init sets it")
        }
        var grid = QuantizationOptions.Grid()
        grid.twoLevel = try Choice.value(gridType, "grid_type", Choice.gridType)
        var changed = UnsafeRawPointer(options).loadUnaligned(as: adadim_options.self)
        changed.grid_type = gridType
        changed.bits = Int64(grid.bits)
        changed.group_size = Int64(grid.groupSize ?? 0)
        changed.symmetric = grid.isSymmetric ? 1 : 0
        store(changed, at: options)
    }
}

extension TwoLevelType? {
    /// The number that adadim.h has for grids of this type.
    var gridType: Int32 { Int32(Choice.gridType.first { $0.value == self }?.key ?? ADADIM_GRID_UNIFORM) }
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
