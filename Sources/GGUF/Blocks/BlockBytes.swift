import AdaDimLinearAlgebra

/// Float16 numbers in a block's bytes.
enum BlockBytes {
    /// - Returns: whether the number is one of float16's, and finite.
    static func put(_ value: Float, at target: UnsafeMutablePointer<UInt8>) -> Bool {
        var value = value
        let finite = StoredFloat.float16.narrow(&value, count: 1, to: UnsafeMutableRawPointer(target))
        return finite && number(at: target) == value
    }

    static func number(at source: UnsafePointer<UInt8>) -> Float {
        var value: Float = 0
        _ = StoredFloat.float16.widen(UnsafeRawPointer(source), count: 1, to: &value)
        return value
    }
}

/// Why a matrix could not be put into blocks, or blocks do not hold one.
package enum BlockError: Error, Equatable {
    /// A number that must be one of float16's.
    case notFloat16(row: Int, block: Int, value: Float)
    /// A scale or an offset that is NaN or infinite.
    case notFinite(row: Int, block: Int, value: Float)
}

extension BlockError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFloat16(let row, let block, let value):
            "row \(row), block \(block): \(value) is no float16 number, expected one that needs no rounding"
        case .notFinite(let row, let block, let value):
            "row \(row), block \(block): a scale or an offset is \(value), expected a finite number"
        }
    }
}
