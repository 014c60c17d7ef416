extension Gram {
    /// Adds the sums of another Gram matrix of the same order: of the other half of the tokens, say, summed up
    /// elsewhere. The order of the additions differs then, and with it the last bits.
    /// - Throws: ``GramError/wrongOrder(found:expected:)``, ``GramError/tooManyTokens``; nothing is added then.
    public mutating func merge(_ other: Gram) throws(GramError) {
        guard other.order == order else { throw .wrongOrder(found: other.order, expected: order) }
        let sum = try tokens(adding: other.tokens)
        other.lower.withView { other in lower.withMutableView { Self.add(other, to: $0) } }
        count(sum)
    }

    /// Adds the sums to themselves, without a copy.
    /// - Throws: ``GramError/tooManyTokens``.
    package mutating func mergeWithItself() throws(GramError) {
        let sum = try tokens(adding: tokens)
        lower.withMutableView { Self.add($0.reading, to: $0) }
        count(sum)
    }

    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    private static func add(_ other: MatrixView<Scalar>, to lower: MutableMatrixView<Scalar>) {
        concurrently(lower.columns) { j in
            let (from, to) = (other.column(j), lower.column(j))
            for i in j..<lower.rows { to[i] += from[i] }
        }
    }

    /// These sums, with their memory moved; the Gram matrix then has no inputs.
    package mutating func taken() -> Gram { Gram(lower: takeLower(), tokens: tokens) }

    /// The same sums in memory of their own.
    package func copy() throws(GramError) -> Gram {
        do { return Gram(lower: try lower.copyOfLowerTriangle(), tokens: tokens) } catch { throw .outOfMemory(error) }
    }
}

extension Gram where Scalar == Float {
    /// A symmetric matrix [order, order] computed elsewhere, row-major at any address. The triangle on and above its
    /// diagonal counts.
    package init(symmetric base: UnsafeRawPointer, order: Int, tokens: Int) throws(GramError) {
        let matrix: Workspace<Float>
        do { matrix = try Workspace(allocating: order, order) } catch { throw .outOfMemory(error) }
        // Its rows become columns.
        _ = StoredMatrix(base: base, type: .float32, rows: order, columns: order).readRows({ $0 }, into: matrix.view)
        do {
            try self.init(Matrix(matrix), tokens: tokens)
        } catch .nonFinite(let row, let column) {
            throw .nonFinite(input: column, other: row)
        }
    }

    /// Writes the matrix [in, in], both triangles, to any address.
    /// - Precondition: four bytes for each element.
    package func writeSymmetric(to target: UnsafeMutableRawBufferPointer) {
        let order = order
        precondition(target.count == 4 * order * order, "\(target.count) bytes for a Gram matrix of order \(order)")
        guard let base = target.baseAddress else { return }
        // Each column has bytes of its own.
        nonisolated(unsafe) let start = base
        lower.withView { lower in
            concurrently(order) { j in
                let column = start + 4 * j * order
                for i in 0..<j { column.storeBytes(of: lower[j, i], toByteOffset: 4 * i, as: Float.self) }
                (column + 4 * j).copyMemory(from: lower.column(j) + j, byteCount: 4 * (order - j))
            }
        }
    }

    /// Adds X·Xᵀ for a batch of inputs in the layout of other programs: row-major [tokens, in], one token after
    /// another.
    /// - Parameters:
    ///   - bytes: tokens·in numbers, at any address. Floats at an address that is a multiple of four are not copied.
    ///   - type: the type of the numbers.
    ///   - count: how many tokens they are.
    /// - Throws: ``GramError/wrongByteCount(found:tokens:inputs:expected:)``,
    ///   ``GramError/nonFiniteActivation(input:token:)``, ``GramError/tooManyTokens``, ``GramError/outOfMemory(_:)``;
    ///   nothing is added then.
    public mutating func accumulate(
        rowMajor bytes: UnsafeRawBufferPointer, of type: StoredFloat, tokens count: Int
    ) throws(GramError) {
        guard let expected = byteCount(tokens: count, type), bytes.count == expected else {
            throw .wrongByteCount(
                found: bytes.count, tokens: count, inputs: order, expected: byteCount(tokens: count, type))
        }
        _ = try tokens(adding: count)
        do { try ProductBuffers.reserve() } catch { throw .outOfMemory(error) }
        guard let base = bytes.baseAddress, expected > 0 else { return }
        let stored = StoredMatrix(base: base, type: type, rows: count, columns: order)
        guard stored.isFinite else {
            let place = stored.firstNotFinite(rows: 0..<count)
            throw .nonFiniteActivation(input: place?.column ?? 0, token: tokens + (place?.row ?? 0))
        }
        if type == .float32 && UInt(bitPattern: base) % UInt(MemoryLayout<Float>.alignment) == 0 {
            let floats = base.assumingMemoryBound(to: Float.self)
            // As many tokens at once as BLAS's integers count.
            for run in Self.runs(of: count, length: 1 << 30) {
                accumulate(
                    finite: MatrixView(
                        base: floats + run.lowerBound * order, rows: order, columns: run.count,
                        leadingDimension: order))
            }
            return
        }
        // Widened in 16 MB at a time.
        let length = max(1, min(count, (4 << 20) / order))
        let widened: Workspace<Float>
        do { widened = try Workspace(allocating: order, length) } catch { throw .outOfMemory(error) }
        for run in Self.runs(of: count, length: length) {
            let target = widened.view[rows: 0..<order, columns: 0..<run.count]
            _ = stored.readRows({ run.lowerBound + $0 }, into: target)
            accumulate(finite: target.reading)
        }
        withExtendedLifetime(widened) {}
    }

    private func byteCount(tokens count: Int, _ type: StoredFloat) -> Int? {
        guard count >= 0 else { return nil }
        let (numbers, overflow) = count.multipliedReportingOverflow(by: order)
        let (bytes, bytesOverflow) = numbers.multipliedReportingOverflow(by: type.byteWidth)
        return overflow || bytesOverflow ? nil : bytes
    }

    private static func runs(of count: Int, length: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
    }
}
