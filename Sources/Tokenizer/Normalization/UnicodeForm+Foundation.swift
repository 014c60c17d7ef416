import Foundation

extension Normalizer.UnicodeForm {
    func normalized(_ text: [UInt8]) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x80 }) { return text }
        let string = String(decoding: text, as: UTF8.self)
        let normal =
            switch self {
            case .composed: string.precomposedStringWithCanonicalMapping
            case .decomposed: string.decomposedStringWithCanonicalMapping
            case .compatiblyComposed: string.precomposedStringWithCompatibilityMapping
            case .compatiblyDecomposed: string.decomposedStringWithCompatibilityMapping
            }
        return Array(normal.utf8)
    }
}
