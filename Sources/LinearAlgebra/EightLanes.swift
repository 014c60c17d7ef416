// Eight elements at a time between memory and registers, for loops that the compiler does not vectorize.

@inlinable
@inline(__always)
package func load8<S: RealScalar>(_ pointer: UnsafePointer<S>) -> SIMD8<S> {
    UnsafeRawPointer(pointer).loadUnaligned(as: SIMD8<S>.self)
}

/// The first `count` of eight elements, `filling` in the other lanes.
@inlinable
@inline(__always)
package func load8<S: RealScalar>(_ pointer: UnsafePointer<S>, _ count: Int, filling: S) -> SIMD8<S> {
    if count == 8 { return load8(pointer) }
    var lanes = SIMD8<S>(repeating: filling)
    for lane in 0..<count { lanes[lane] = pointer[lane] }
    return lanes
}

@inlinable
@inline(__always)
package func store8<S: RealScalar>(_ value: SIMD8<S>, _ pointer: UnsafeMutablePointer<S>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: SIMD8<S>.self)
}
