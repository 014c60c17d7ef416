import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization

// Arguments as C passes them, checked.

/// The object of a handle, which keeps its owner.
func object<Object: AnyObject>(_ handle: OpaquePointer?, _ name: StaticString) throws(CallError) -> Object {
    guard let handle else { throw .null(name, expected: "a handle") }
    return Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
}

/// Makes a handle for an object; NULL until then, and NULL if `make` throws.
func make<Object: AnyObject>(
    _ place: UnsafeMutablePointer<OpaquePointer?>?, _ name: StaticString, _ make: () throws -> Object
) throws {
    guard let place else { throw CallError.null(name, expected: "a pointer to a handle") }
    store(OpaquePointer?.none, at: place)
    store(OpaquePointer(Unmanaged.passRetained(try make()).toOpaque()), at: place)
}

func destroy<Object: AnyObject>(_ handle: OpaquePointer?, _: Object.Type) {
    if let handle { Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).release() }
}

/// Writes a value of C's, at any address.
func store<Value: BitwiseCopyable>(_ value: Value, at place: UnsafeMutablePointer<Value>) {
    UnsafeMutableRawPointer(place).storeBytes(of: value, as: Value.self)
}

/// Answers a question by writing to the caller's variable.
func answer<Value: BitwiseCopyable>(
    _ place: UnsafeMutablePointer<Value>?, _ name: StaticString, _ value: () throws -> Value
) throws {
    guard let place else { throw CallError.null(name, expected: "a pointer to the result") }
    store(try value(), at: place)
}

extension StoredFloat {
    init(_ type: adadim_type) throws(CallError) {
        switch Int(type) {
        case ADADIM_FLOAT32: self = .float32
        case ADADIM_BFLOAT16: self = .bfloat16
        case ADADIM_FLOAT16: self = .float16
        default: throw .outOfRange("type", found: Int64(type), expected: "one of ADADIM_FLOAT32 … ADADIM_FLOAT16")
        }
    }
}

/// A caller's matrix [rows, columns] as bytes.
func bytes(
    _ base: UnsafeRawPointer?, _ name: StaticString, rows: Int64, columns: Int, _ type: StoredFloat
) throws -> UnsafeRawBufferPointer {
    let (count, overflow) = Int(rows).multipliedReportingOverflow(by: columns)
    let (size, sizeOverflow) = count.multipliedReportingOverflow(by: type.byteWidth)
    // No address space is larger than 2^56 bytes.
    guard rows >= 0, !overflow, !sizeOverflow, size < 1 << 56 else {
        throw QuantizationError.tooLargeToCount(rows: Int(rows), columns: columns)
    }
    guard base != nil || size == 0 else { throw CallError.null(name, expected: "a matrix") }
    return UnsafeRawBufferPointer(start: base, count: size)
}

/// A number of inputs or outputs that an engine takes.
func size(_ value: Int64, _ name: StaticString) throws(CallError) -> Int {
    guard value > 0 && value < 1 << 28 else {
        throw .outOfRange(name, found: value, expected: "1 or more, and less than 2^28")
    }
    return Int(value)
}

/// Refuses more memory than this process may use, before any of it is allocated.
func checkMemory(bytes needed: Int, rows: Int, columns: Int) throws(QuantizationError) {
    guard let available = MachineMemory.bytes, needed > available else { return }
    throw .notEnoughMemory(needed: needed, available: available, rows: rows, columns: columns)
}

/// Fills the caller's buffer, or returns the size that it needs.
func fill(
    _ buffer: UnsafeMutableRawPointer?, _ capacity: Int64, _ count: UnsafeMutablePointer<Int64>?, needed: Int,
    width: Int, _ write: (UnsafeMutableRawBufferPointer) throws -> Void
) throws {
    if let count { store(Int64(needed), at: count) }
    guard let buffer else {
        if count == nil { throw CallError.null("buffer", expected: "a buffer, or a count to be set") }
        return
    }
    guard capacity >= Int64(needed) else { throw CallError.bufferTooSmall(capacity: capacity, needed: needed) }
    try write(UnsafeMutableRawBufferPointer(start: buffer, count: needed * width))
}
