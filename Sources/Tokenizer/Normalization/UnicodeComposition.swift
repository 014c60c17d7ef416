import Foundation

/// Canonical ordering and composition (Unicode Standard Annex 15) by the version of Unicode that the library knows.
enum UnicodeComposition {
    /// What came later has neither decompositions nor combining classes there: it stays as it is, and nothing is
    /// reordered or composed across it.
    private static let version = (major: 9, minor: 0)

    static func isUnknown(_ scalar: Unicode.Scalar) -> Bool {
        // Everything below the combining marks is as old as Unicode itself.
        guard scalar.value >= 0x300, let age = scalar.properties.age else { return false }
        return (age.major, age.minor) > version
    }

    private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        isUnknown(scalar) ? 0 : scalar.properties.canonicalCombiningClass.rawValue
    }

    /// Sorts each run of marks by class, keeping the order of equals.
    static func order(_ scalars: inout [Unicode.Scalar]) {
        var start = 0
        while start < scalars.count {
            guard combiningClass(scalars[start]) != 0 else {
                start += 1
                continue
            }
            var marks: [(offset: Int, order: UInt8, mark: Unicode.Scalar)] = []
            while start + marks.count < scalars.count {
                let mark = scalars[start + marks.count]
                let order = combiningClass(mark)
                if order == 0 { break }
                marks.append((marks.count, order, mark))
            }
            marks.sort { ($0.order, $0.offset) < ($1.order, $1.offset) }
            for (offset, mark) in marks.enumerated() { scalars[start + offset] = mark.mark }
            start += marks.count
        }
    }

    /// Joins each starter with the marks after it that are not blocked, and Hangul letters into syllables.
    static func compose(_ scalars: inout [Unicode.Scalar]) {
        var result: [Unicode.Scalar] = []
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in scalars {
            let order = combiningClass(scalar)
            if let index = starter, index == result.count - 1 || (lastClass != 0 && lastClass < order),
                let joined = composite(of: result[index], scalar)
            {
                result[index] = joined
                continue
            }
            if order == 0 { starter = result.count }
            lastClass = order
            result.append(scalar)
        }
        scalars = result
    }

    static func isSecond(_ scalar: Unicode.Scalar) -> Bool {
        (0x1161...0x1175).contains(scalar.value) || (0x11A8...0x11C2).contains(scalar.value)
            || composites.seconds.contains(scalar)
    }

    private static func composite(of first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        switch (first.value, second.value) {
        case (0x1100...0x1112, 0x1161...0x1175):
            return Unicode.Scalar(0xAC00 + ((first.value - 0x1100) * 21 + second.value - 0x1161) * 28)
        case (0xAC00...0xD7A3, 0x11A8...0x11C2) where (first.value - 0xAC00) % 28 == 0:
            return Unicode.Scalar(first.value + second.value - 0x11A7)
        default: return composites.pairs[UInt64(first.value) << 32 | UInt64(second.value)]
        }
    }

    private struct Composites: Sendable {
        var pairs: [UInt64: Unicode.Scalar] = [:]
        var seconds: Set<Unicode.Scalar> = []
    }

    /// Found by decomposing all scalars of the blocks where composites stand, Hangul apart.
    private static let composites: Composites = {
        var decompositions: [(whole: Unicode.Scalar, parts: [Unicode.Scalar])] = []
        for range in [UInt32(0xC0)...0x30FF, 0x11000...0x11FFF] {
            for scalar in range.compactMap(Unicode.Scalar.init)
            where !isUnknown(scalar) && !scalar.properties.isFullCompositionExclusion {
                let parts = Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
                if parts.count > 1 { decompositions.append((scalar, parts)) }
            }
        }
        var composites = Composites()
        // Short ones first: a composite of three joins a composite of two with one more.
        for (whole, parts) in decompositions.sorted(by: { $0.parts.count < $1.parts.count }) {
            let last = parts[parts.count - 1]
            var first: Unicode.Scalar? = parts[0]
            for part in parts[1..<parts.count - 1] {
                first = first.flatMap { composites.pairs[UInt64($0.value) << 32 | UInt64(part.value)] }
            }
            guard let first else { continue }
            composites.pairs[UInt64(first.value) << 32 | UInt64(last.value)] = whole
            composites.seconds.insert(last)
        }
        return composites
    }()
}
