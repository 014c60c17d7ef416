import Foundation

/// Foundation decomposes single scalars; ordering and composing are done here. Given whole strings, Foundation for
/// Linux composes U+10041 with U+0323 into U+1EA0, and does not reorder marks across the parts of U+0F73.
extension Normalizer.UnicodeForm {
    func normalized(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        /// Where what has not been written yet begins, and whether it is normal as it stands.
        var start = 0
        var isNormal = true
        var position = 0
        while position < text.count {
            let (code, length) = text.scalar(at: position)
            if !isInert(code) {
                isNormal = false
            } else {
                // Nothing joins with what comes before an inert scalar, but marks may follow it.
                write(text[start..<position], isNormal, to: &result)
                start = position
                isNormal = true
            }
            position += length
        }
        write(text[start...], isNormal, to: &result)
        return result
    }

    private var isComposed: Bool { self == .composed || self == .compatiblyComposed }

    /// Whether a scalar stays as it is in any company, except that marks after it may join it.
    private func isInert(_ code: UInt32) -> Bool {
        if code < 0x80 { return true }
        if self == .composed, code < 0x300 { return true }
        guard let scalar = Unicode.Scalar(code) else { return true }
        if UnicodeComposition.isUnknown(scalar) { return true }
        guard self == .composed else { return false }
        let properties = scalar.properties
        return !properties.isFullCompositionExclusion && properties.canonicalCombiningClass == .notReordered
            && !UnicodeComposition.isSecond(scalar)
    }

    private func write(_ text: ArraySlice<UInt8>, _ isNormal: Bool, to result: inout [UInt8]) {
        if isNormal {
            result.append(contentsOf: text)
            return
        }
        var scalars: [Unicode.Scalar] = []
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars { decompose(scalar, into: &scalars) }
        UnicodeComposition.order(&scalars)
        if isComposed { UnicodeComposition.compose(&scalars) }
        for scalar in scalars { result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }
    }

    private func decompose(_ scalar: Unicode.Scalar, into result: inout [Unicode.Scalar]) {
        if scalar.isASCII || UnicodeComposition.isUnknown(scalar) {
            result.append(scalar)
            return
        }
        switch self {
        case .composed, .decomposed:
            result.append(contentsOf: String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
        case .compatiblyComposed, .compatiblyDecomposed:
            result.append(contentsOf: String(scalar).decomposedStringWithCompatibilityMapping.unicodeScalars)
        }
    }
}
