// Eight codes of b bits between eight bytes and b bytes, in three steps that halve the gaps (or open them again):
//
//     0000hhhh 0000gggg … 0000bbbb 0000aaaa   →   hhhhgggg … bbbbaaaa      b = 4, first code in the lowest bits
//
// Eight codes always fill whole bytes, so a row is a dense little-endian bit stream whatever b is.

/// The low 8·bits bits: the eight bytes' codes without gaps. Codes must be below 2^bits.
@inline(__always)
func packedOctet(_ codes: UInt64, bits: UInt64) -> UInt64 {
    let pairs = codes & 0x00ff_00ff_00ff_00ff | (codes >> 8 & 0x00ff_00ff_00ff_00ff) << bits
    let quads = pairs & 0x0000_ffff_0000_ffff | (pairs >> 16 & 0x0000_ffff_0000_ffff) << (2 &* bits)
    return quads & 0xffff_ffff | (quads >> 32) << (4 &* bits)
}

/// The inverse: eight codes, a byte each, from the low 8·bits bits.
@inline(__always)
func unpackedOctet(_ stream: UInt64, bits: UInt64) -> UInt64 {
    let code = (UInt64(1) << bits) &- 1
    // At each step the masks keep the lower half of every field.
    let half = (UInt64(1) << (4 &* bits)) &- 1
    let quads = stream & half | (stream >> (4 &* bits) & half) << 32
    let quarter = ((UInt64(1) << (2 &* bits)) &- 1) &* 0x0000_0001_0000_0001
    let pairs = quads & quarter | (quads >> (2 &* bits) & quarter) << 16
    let eighth = code &* 0x0001_0001_0001_0001
    return pairs & eighth | (pairs >> bits & eighth) << 8
}
