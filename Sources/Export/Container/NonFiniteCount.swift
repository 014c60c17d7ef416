import AdaDimSafetensors

/// How many numbers of a tensor are NaN or infinite, counted while its bytes are written.
struct NonFiniteCount {
    private(set) var count = 0
    /// The first one's place among the elements.
    private(set) var first: Int?
    private let width: Int
    private let isNonFinite: (UnsafeRawBufferPointer) -> Int
    private let firstNonFinite: (UnsafeRawBufferPointer) -> Int?
    private var seen = 0

    /// nil for types that hold no such values.
    init?(_ type: TensorElementType) {
        switch type {
        case .bfloat16: self.init(UInt16.self, exponent: 0x7f80)
        case .float16: self.init(UInt16.self, exponent: 0x7c00)
        case .float32: self.init(UInt32.self, exponent: 0x7f80_0000)
        case .float64: self.init(UInt64.self, exponent: 0x7ff0_0000_0000_0000)
        case .float8E5M2: self.init(UInt8.self, exponent: 0x7c)
        // No infinity, and one NaN of each sign.
        case .float8E4M3: self.init(UInt8.self, exponent: 0x7f)
        default: return nil
        }
    }

    /// - Parameter exponent: the bits that are all set in a value that is not finite, and in no other.
    private init<Bits: FixedWidthInteger & BitwiseCopyable>(_: Bits.Type, exponent: Bits) {
        width = MemoryLayout<Bits>.size
        isNonFinite = { bytes in
            var count = 0
            for element in 0..<bytes.count / MemoryLayout<Bits>.size {
                let bits = bytes.loadUnaligned(fromByteOffset: element &* MemoryLayout<Bits>.size, as: Bits.self)
                count &+= bits & exponent == exponent ? 1 : 0
            }
            return count
        }
        firstNonFinite = { bytes in
            (0..<bytes.count / MemoryLayout<Bits>.size).first { element in
                let bits = bytes.loadUnaligned(fromByteOffset: element * MemoryLayout<Bits>.size, as: Bits.self)
                return bits & exponent == exponent
            }
        }
    }

    /// Counts in the next bytes of the tensor, whole elements.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        let found = isNonFinite(bytes)
        if found > 0 && first == nil { first = firstNonFinite(bytes).map { seen + $0 } }
        count += found
        seen += bytes.count / width
    }

    /// The sentence that names them; nil where all are finite.
    func notice(of tensor: TensorEntry, in file: String) -> String? {
        guard let first else { return nil }
        var (index, rest) = ([Int](), first)
        for size in tensor.shape.reversed() {
            index.insert(rest % size, at: 0)
            rest /= size
        }
        let values =
            count == 1
            ? "a value that is NaN or infinite, at" : "\(count) values that are NaN or infinite, the first at"
        return "\(file): tensor \(tensor.name) holds \(values) \(index); it is carried over as it is"
    }
}
