import AdaDimLinearAlgebra
import AdaDimSafetensors

extension StoredFloat {
    /// Nil where weights of this type are not read.
    package init?(_ elementType: TensorElementType) {
        switch elementType {
        case .bfloat16: self = .bfloat16
        case .float16: self = .float16
        case .float32: self = .float32
        default: return nil
        }
    }

    package var elementType: TensorElementType {
        switch self {
        case .bfloat16: .bfloat16
        case .float16: .float16
        case .float32: .float32
        }
    }
}
