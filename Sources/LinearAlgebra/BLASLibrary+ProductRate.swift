extension BLASLibrary {
    /// The rate of this machine's `sgemm`, in flop/s: the reference for all rates here. The median over several
    /// products of two square matrices, into memory that was touched before, with ``threadCount`` threads.
    /// - Parameters:
    ///   - order: rows and columns of the matrices.
    ///   - repeats: products that are timed, after one that is not.
    /// - Returns: flop/s, 2·order³ for a product.
    /// - Precondition: both are positive.
    public static func productRate(order: Int = 4096, repeats: Int = 5) -> Double {
        precondition(order > 0 && repeats > 0, "\(repeats) products of order \(order)")
        let a = Matrix<Float>(rows: order, columns: order) { Float(($0 &* 7 &+ $1 &* 3) % 11 - 5) }
        var c = a
        let clock = ContinuousClock()
        var seconds: [Double] = []
        for _ in 0...repeats {
            let time = clock.measure {
                c.withMutableView { c in a.withView { gemm(1, $0, .none, $0, .none, 0, c) } }
            }
            seconds.append(time / .seconds(1))
        }
        let timed = seconds.dropFirst().sorted()
        return 2 * Double(order) * Double(order) * Double(order) / timed[timed.count / 2]
    }
}
