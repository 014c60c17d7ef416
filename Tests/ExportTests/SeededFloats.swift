/// The same weights on every machine: sums of uniform numbers, with a few large ones.
struct SeededFloats {
    var state: UInt64
    mutating func next(_ count: Int) -> [Float] {
        (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let uniform = Float(state >> 40) / Float(1 << 24) - 0.5
            return state >> 33 & 63 == 0 ? 8 * uniform : uniform
        }
    }
}
