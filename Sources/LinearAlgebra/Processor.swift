import AdaDimProcessor

/// Vector instructions of x86-64, each set with those before it.
package enum VectorInstructions: Int, Sendable, Comparable {
    /// 4 floats, a product and a sum apart.
    case sse
    /// 8 floats, a product and a sum apart.
    case avx
    /// 8 floats, with fused products and sums (AVX2 and FMA).
    case avx2
    /// 16 floats, with fused products and sums.
    case avx512

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// What a processor can compute with.
package struct Processor: Sendable, Equatable {
    /// The best set of vector instructions; nil for a processor that is not x86-64.
    package var instructions: VectorInstructions?
    /// Whether AVX-512 has products of bfloat16.
    package var hasBFloat16: Bool
    /// Whether AMD made it.
    package var isAMD: Bool

    package init(instructions: VectorInstructions?, hasBFloat16: Bool = false, isAMD: Bool = false) {
        self.instructions = instructions
        self.hasBFloat16 = hasBFloat16
        self.isAMD = isAMD
    }

    /// This one, by CPUID.
    package static let current = Processor(features: Int(adadim_processor_features()))

    /// - Parameter features: bits of `adadim_processor_features`.
    private init(features: Int) {
        func has(_ bit: Int) -> Bool { features & bit != 0 }
        #if arch(x86_64)
            instructions =
                has(ADADIM_PROCESSOR_AVX512)
                ? .avx512 : has(ADADIM_PROCESSOR_AVX2) ? .avx2 : has(ADADIM_PROCESSOR_AVX) ? .avx : .sse
        #else
            instructions = nil
        #endif
        hasBFloat16 = has(ADADIM_PROCESSOR_AVX512_BF16)
        isAMD = has(ADADIM_PROCESSOR_IS_AMD)
    }
}

extension Processor: CustomStringConvertible {
    /// Such as "AVX-512 with bfloat16".
    package var description: String {
        switch instructions {
        case nil: "not x86-64"
        case .sse: "SSE"
        case .avx: "AVX"
        case .avx2: "AVX2"
        case .avx512: hasBFloat16 ? "AVX-512 with bfloat16" : "AVX-512"
        }
    }
}
