import AdaDimSafetensors

/// How a tensor's numbers are stored.
package enum TensorType: Sendable, Equatable {
    /// One by one.
    case elements(TensorElementType)
    /// Several neighbors in a row together, in bytes that only the container's readers understand: GGUF's Q4_0 has 32 numbers
    /// in 18 bytes.
    case blocks(name: String, count: Int, bytes: Int)

    /// As errors name it.
    package var name: String {
        switch self {
        case .elements(let type): type.rawValue
        case .blocks(let name, _, _): name
        }
    }
}
