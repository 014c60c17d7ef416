import AdaDimQuantizedMatrices

// The whole numbers that a super-block's groups have as scales and offsets, in its bytes (`ggml-quants.c` of llama.cpp).

extension TwoLevelType {
    /// Groups of a super-block.
    var groups: Int { Self.superGroupSize / groupSize }

    /// - Parameters:
    ///   - scales: of the groups of a super-block, in ``scaleRange``.
    ///   - offsets: likewise; not read where there are none.
    func putSubScales(_ scales: [Int8], _ offsets: [UInt8], into block: UnsafeMutablePointer<UInt8>) {
        switch self {
        case .q2K:
            for g in 0..<16 { block[g] = UInt8(truncatingIfNeeded: scales[g]) | offsets[g] << 4 }
        case .q3K:
            // Low halves, of group g and of group g + 8; then the two high bits of four groups a byte.
            for g in 0..<16 {
                let scale = UInt8(truncatingIfNeeded: Int(scales[g]) + 32)
                block[96 + g % 8] |= (scale & 15) << UInt8(g / 8 * 4)
                block[104 + g % 4] |= (scale >> 4) << UInt8(g / 4 * 2)
            }
        case .q4K, .q5K:
            // Six bits each. Groups 0 … 3 have bytes of their own, whose upper two bits belong to groups 4 … 7.
            for g in 0..<4 {
                let (scale, later) = (UInt8(truncatingIfNeeded: scales[g]), UInt8(truncatingIfNeeded: scales[g + 4]))
                block[4 + g] = scale | (later & 48) << 2
                block[8 + g] = offsets[g] | (offsets[g + 4] & 48) << 2
                block[12 + g] = later & 15 | offsets[g + 4] << 4
            }
        case .q6K:
            for g in 0..<16 { block[192 + g] = UInt8(bitPattern: scales[g]) }
        }
    }

    func subScales(_ block: UnsafePointer<UInt8>) -> (scales: [Int8], offsets: [UInt8]) {
        switch self {
        case .q2K:
            return ((0..<16).map { Int8(block[$0] & 15) }, (0..<16).map { block[$0] >> 4 })
        case .q3K:
            let scales = (0..<16).map { g in
                let low = block[96 + g % 8] >> UInt8(g / 8 * 4) & 15
                return Int8(Int(low | (block[104 + g % 4] >> UInt8(g / 4 * 2) & 3) << 4) - 32)
            }
            return (scales, [])
        case .q4K, .q5K:
            let first = (0..<4).map { (block[4 + $0] & 63, block[8 + $0] & 63) }
            let second = (0..<4).map { g in
                (block[12 + g] & 15 | (block[4 + g] & 192) >> 2, block[12 + g] >> 4 | (block[8 + g] & 192) >> 2)
            }
            let all = first + second
            return (all.map { Int8($0.0) }, all.map(\.1))
        case .q6K: return ((0..<16).map { Int8(bitPattern: block[192 + $0]) }, [])
        }
    }

    /// The places of d and of dmin in a block's bytes.
    var numberPlaces: (scale: Int, offset: Int?) {
        switch self {
        case .q2K: (80, 82)
        case .q3K: (108, nil)
        case .q4K, .q5K: (0, 2)
        case .q6K: (208, nil)
        }
    }

    var codeLayout: CodeLayout {
        switch self {
        case .q2K: .q2K
        case .q3K: .q3K
        case .q4K: .q4K
        case .q5K: .q5K
        case .q6K: .q6K
        }
    }
}
