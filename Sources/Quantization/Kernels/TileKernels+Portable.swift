import AdaDimLinearAlgebra

// The tile's loops in plain Swift, eight lanes at a time, for any element type and any processor.
extension TileKernels {
    @inline(__always)
    static func multiplyAdd<S: RealScalar>(
        _ height: Int, _ stride: Int, _ depth: Int, _ source: UnsafePointer<S>, _ strip: UnsafePointer<S>, _ sign: S,
        _ target: UnsafeMutablePointer<S>
    ) {
        for i in Swift.stride(from: 0, to: height, by: 8) {
            for half in [0, 4] {
                var (a, b, c, d) = (SIMD8<S>.zero, SIMD8<S>.zero, SIMD8<S>.zero, SIMD8<S>.zero)
                var row = source + i
                var factors = strip + half
                for _ in 0..<depth {
                    let x = load8(row)
                    a += x * factors[0]
                    b += x * factors[1]
                    c += x * factors[2]
                    d += x * factors[3]
                    row += stride
                    factors += stripWidth
                }
                let place = target + half * stride + i
                store8(load8(place) + a * sign, place)
                store8(load8(place + stride) + b * sign, place + stride)
                store8(load8(place + 2 * stride) + c * sign, place + 2 * stride)
                store8(load8(place + 3 * stride) + d * sign, place + 3 * stride)
            }
        }
    }

    @inline(__always)
    static func updateColumn<S: RealScalar>(
        _ height: Int, _ stride: Int, _ depth: Int, _ errors: UnsafePointer<S>, _ coefficients: UnsafePointer<S>,
        _ reciprocal: S, _ weight: UnsafePointer<S>, _ sums: UnsafeMutablePointer<S>
    ) {
        for i in Swift.stride(from: 0, to: height, by: 8) {
            var sum = load8(sums + i)
            for k in 0..<depth { sum += load8(errors + k * stride + i) * coefficients[stripWidth * k] }
            store8(load8(weight + i) + sum * reciprocal, sums + i)
        }
    }

    @inline(__always)
    static func solveColumn<S: RealScalar>(
        _ height: Int, _ stride: Int, _ depth: Int, _ solved: UnsafePointer<S>, _ coefficients: UnsafePointer<S>,
        _ reciprocal: S, _ sums: UnsafeMutablePointer<S>
    ) {
        for i in Swift.stride(from: 0, to: height, by: 8) {
            var sum = load8(sums + i)
            for k in 0..<depth { sum -= load8(solved + k * stride + i) * coefficients[stripWidth * k] }
            store8(sum * reciprocal, sums + i)
        }
    }

    @inline(__always)
    static func columnRange<S: RealScalar>(_ height: Int, _ values: UnsafePointer<S>) -> (low: S, high: S) {
        var (low, high) = (SIMD8<S>.zero, SIMD8<S>.zero)
        for i in Swift.stride(from: 0, to: height, by: 8) {
            let eight = load8(values + i)
            low = pointwiseMin(low, eight)
            high = pointwiseMax(high, eight)
        }
        return (low.min(), high.max())
    }

    @inline(__always)
    static func rowRanges<S: RealScalar>(
        _ height: Int, _ stride: Int, _ columns: Int, _ weight: UnsafePointer<S>, _ update: UnsafePointer<S>?,
        _ low: UnsafeMutablePointer<S>, _ high: UnsafeMutablePointer<S>
    ) {
        for i in Swift.stride(from: 0, to: height, by: 8) {
            var (least, greatest) = (SIMD8<S>.zero, SIMD8<S>.zero)
            for j in 0..<columns {
                var eight = load8(weight + j * stride + i)
                if let update { eight += load8(update + j * stride + i) }
                least = pointwiseMin(least, eight)
                greatest = pointwiseMax(greatest, eight)
            }
            store8(least, low + i)
            store8(greatest, high + i)
        }
    }

    @inline(__always)
    static func searchRows<S: RealScalar>(
        _ height: Int, _ stride: Int, _ columns: Int, _ weight: UnsafePointer<S>, _ update: UnsafePointer<S>?,
        _ importance: UnsafePointer<S>, _ search: RangeSearch, _ low: UnsafeMutablePointer<S>,
        _ high: UnsafeMutablePointer<S>
    ) {
        for i in Swift.stride(from: 0, to: height, by: 8) {
            let (fullLow, fullHigh) = (load8(low + i), load8(high + i))
            var (bestLow, bestHigh, best) = (fullLow, fullHigh, SIMD8<S>.zero)
            for t in 0..<search.candidates.count {
                let a = fullLow * S(search.candidates.lowShares[t])
                let b = fullHigh * S(search.candidates.highShares[t])
                let grid = search.trialGrid(low: a, high: b)
                var sum = SIMD8<S>.zero
                for j in 0..<columns {
                    var weights = load8(weight + j * stride + i)
                    if let update { weights += load8(update + j * stride + i) }
                    sum += grid.squaredMiss(weights) * importance[j]
                }
                let isBetter = t == 0 ? sum .== sum : sum .< best
                best.replace(with: sum, where: isBetter)
                bestLow.replace(with: a, where: isBetter)
                bestHigh.replace(with: b, where: isBetter)
            }
            store8(bestLow, low + i)
            store8(bestHigh, high + i)
        }
    }

    @inline(__always)
    static func searchColumn<S: RealScalar>(
        _ height: Int, _ values: UnsafePointer<S>, _ search: RangeSearch, _ range: (low: S, high: S)
    ) -> (low: S, high: S) {
        var (best, bestRange) = (0.0, range)
        for t in 0..<search.candidates.count {
            let a = range.low * S(search.candidates.lowShares[t])
            let b = range.high * S(search.candidates.highShares[t])
            let grid = search.trialGrid(low: SIMD8(repeating: a), high: SIMD8(repeating: b))
            var sums = SIMD8<S>.zero
            for i in Swift.stride(from: 0, to: height, by: 8) { sums += grid.squaredMiss(load8(values + i)) }
            let sum = total(sums)
            if t == 0 || sum < best { (best, bestRange) = (sum, (a, b)) }
        }
        return bestRange
    }

    @inline(__always)
    static func quantizeColumn<S: RealScalar>(
        _ height: Int, _ updated: UnsafePointer<S>, _ grid: ColumnGrid<S>, _ weight: UnsafeMutablePointer<S>,
        _ codes: UnsafeMutablePointer<UInt8>
    ) -> (missed: Double, left: Double) {
        var (missed, left) = (SIMD8<S>.zero, SIMD8<S>.zero)
        @inline(__always)
        func keep(_ i: Int, _ target: SIMD8<S>, _ value: SIMD8<S>, _ stored: SIMD8<S>) {
            let (a, b) = (target - value, load8(weight + i) - value)
            missed += a * a
            left += b * b
            store8(b, weight + i)
            for lane in 0..<8 { codes[i + lane] = storedCode(stored[lane]) }
        }
        if let offsets = grid.offsets {
            for i in Swift.stride(from: 0, to: height, by: 8) {
                let (target, zero) = (load8(updated + i), load8(grid.zeros + i))
                let (code, value) = UniformGrid.shiftedCodes(
                    target, scale: load8(grid.scales + i), zero: zero, offset: load8(offsets + i),
                    largestCode: grid.largestCode)
                keep(i, target, value, code + zero)
            }
            return (total(missed), total(left))
        }
        for i in Swift.stride(from: 0, to: height, by: 8) {
            let scale = grid.step == 0 ? SIMD8(repeating: grid.scales[0]) : load8(grid.scales + i)
            let zero = grid.step == 0 ? SIMD8(repeating: grid.zeros[0]) : load8(grid.zeros + i)
            let target = load8(updated + i)
            let code = UniformGrid.relativeCodes(target, scale: scale, zero: zero, largestCode: grid.largestCode)
            let value = code * scale
            keep(i, target, value, code + zero)
        }
        return (total(missed), total(left))
    }

    @inline(__always)
    private static func total<S: RealScalar>(_ lanes: SIMD8<S>) -> Double {
        (0..<8).reduce(0.0) { $0 + Double(lanes[$1]) }
    }
}
