import AdaDimLinearAlgebra

/// A symmetric matrix of known eigenvalues: a diagonal between Householder reflections, H ← (I − 2uuᵀ)·H·(I − 2uuᵀ),
/// in plain loops in Double, so that it is the same on every machine.
package struct SyntheticSpectrum: Sendable {
    package let eigenvalues: [Double]
    package let seed: UInt64
    /// Enough to fill the matrix: after the first one it is the diagonal and two outer products.
    private static let reflections = 3

    /// H [n, n]; both triangles agree to the last bit.
    package var matrix: Matrix<Double> {
        let n = eigenvalues.count
        // One eigenvalue for all is a multiple of I, for any directions.
        let isUniform = eigenvalues.allSatisfy { $0 == eigenvalues[0] }
        var columns = (0..<n).map { j in (0..<n).map { $0 == j ? eigenvalues[j] : 0 } }
        for reflection in 0..<(isUniform ? 0 : Self.reflections) {
            let noise = SyntheticNoise(seed: seed &+ UInt64(reflection) &* 0x1_0001)
            let direction = (0..<n).map { noise.bell($0) }
            let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let u = direction.map { $0 / length }
            // With p = H·u and k = uᵀp: H − 2·p·uᵀ − 2·u·pᵀ + 4k·u·uᵀ = H − u·qᵀ − q·uᵀ with q = 2·(p − k·u).
            let p = columns.map { column in zip(column, u).reduce(0) { $0 + $1.0 * $1.1 } }
            let k = zip(p, u).reduce(0) { $0 + $1.0 * $1.1 }
            let q = zip(p, u).map { 2 * ($0 - k * $1) }
            for j in 0..<n {
                // The two products in one rounded sum: commutative, so both triangles stay equal.
                columns[j].withContiguousMutableStorageIfAvailable { column in
                    for i in 0..<n { column[i] -= u[i] * q[j] + q[i] * u[j] }
                }
            }
        }
        return Matrix(rows: n, columns: n) { columns[$1][$0] }
    }
}
