import AdaDimLinearAlgebra

/// The judge's products in Double. BLAS makes them, being the faster by far, and plain loops vouch for them: for a
/// vector z of signs, C·z and A·(B·z) differ by rounding alone (Freivalds, 1979). An element that is wrong by more than
/// that shows, for no sign is zero; that several errors of a row cancel is a matter of chance.
package struct CertifiedProduct {
    package let product: Matrix<Double>
    /// The worst row's |C·z − A·(B·z)| in units of 2·(k + n)·eps·Σ|A|·|B|, k and n the lengths of the two sums.
    package let ratio: Double

    /// E·V with V [n, n] upper triangular.
    static func triangular(_ e: Matrix<Double>, _ v: Matrix<Double>) -> CertifiedProduct {
        var product = e
        product.withMutableView { product in v.withView { trmm(.right, .upper, .none, .stored, 1, $0, product) } }
        return CertifiedProduct(product, e, v, isTransposed: false)
    }

    /// E·H with H [n, n] symmetric.
    static func symmetric(_ e: Matrix<Double>, _ h: Matrix<Double>) -> CertifiedProduct {
        var product = Matrix<Double>(repeating: 0, rows: e.rows, columns: e.columns)
        product.withMutableView { product in
            e.withView { e in h.withView { symm(.right, .lower, 1, $0, e, 0, product) } }
        }
        return CertifiedProduct(product, e, h, isTransposed: false)
    }

    /// A·Aᵀ, both triangles.
    static func square(_ a: Matrix<Double>) -> CertifiedProduct {
        var product = Matrix<Double>(repeating: 0, rows: a.rows, columns: a.rows)
        product.withMutableView { product in
            a.withView { syrk(.lower, 1, $0, .none, 0, product) }
            product.mirrorLowerTriangle()
        }
        return CertifiedProduct(product, a, a, isTransposed: true)
    }

    /// The claimed product A·B, or A·Bᵀ.
    package init(_ product: Matrix<Double>, _ a: Matrix<Double>, _ b: Matrix<Double>, isTransposed: Bool) {
        self.product = product
        let noise = SyntheticNoise(seed: 0xf8e1_7a1d)
        let signs = (0..<product.columns).map { noise.bits($0) & 1 == 0 ? 1.0 : -1.0 }
        let ones = [Double](repeating: 1, count: product.columns)
        let inner = isTransposed ? Self.transposedTimes(b, signs, ones) : Self.times(b, signs, ones)
        let expected = Self.times(a, inner.value, inner.magnitude)
        let found = Self.times(product, signs, ones)
        let growth = 2 * Double(a.columns + product.columns) * Double.ulpOfOne
        var worst = WorstElement()
        for i in 0..<product.rows {
            worst.add(abs(found.value[i] - expected.value[i]), bound: growth * expected.magnitude[i], i, 0)
        }
        ratio = worst.ratio
    }

    /// A·z and |A|·m.
    private static func times(
        _ a: Matrix<Double>, _ z: [Double], _ m: [Double]
    ) -> (value: [Double], magnitude: [Double]) {
        var value = [Double](repeating: 0, count: a.rows)
        var magnitude = value
        a.withView { a in
            for j in 0..<a.columns {
                let (z, m) = (z[j], m[j])
                for i in 0..<a.rows {
                    let element = a[i, j]
                    value[i] += element * z
                    magnitude[i] += abs(element) * m
                }
            }
        }
        return (value, magnitude)
    }

    /// Aᵀ·z and |Aᵀ|·m.
    private static func transposedTimes(
        _ a: Matrix<Double>, _ z: [Double], _ m: [Double]
    ) -> (value: [Double], magnitude: [Double]) {
        a.withView { a in
            var (value, magnitude) = ([Double](), [Double]())
            for j in 0..<a.columns {
                var (sum, size) = (0.0, 0.0)
                for i in 0..<a.rows {
                    let element = a[i, j]
                    sum += element * z[i]
                    size += abs(element) * m[i]
                }
                value.append(sum)
                magnitude.append(size)
            }
            return (value, magnitude)
        }
    }
}
