import AdaDimLinearAlgebra

extension StoredFloat {
    /// The type of scales that replace weights of this type.
    package var scaleType: ScaleType {
        switch self {
        case .bfloat16: .bfloat16
        case .float16: .float16
        case .float32: .float32
        }
    }

    /// How scales of a type are stored.
    package init(_ scaleType: ScaleType) {
        switch scaleType {
        case .bfloat16: self = .bfloat16
        case .float16, .shortFloat16: self = .float16
        case .float32: self = .float32
        }
    }
}
