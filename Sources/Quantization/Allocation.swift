import AdaDimLinearAlgebra

// Memory whose size grows with a layer's: there may be none, and then the layer is refused, not the process ended.

extension Workspace {
    convenience init(_ rows: Int, by columns: Int, leadingDimension: Int? = nil) throws(QuantizationError) {
        do {
            try self.init(allocating: rows, columns, leadingDimension: leadingDimension)
        } catch {
            throw .outOfMemory(error)
        }
    }

    convenience init(copying matrix: Matrix<Element>) throws(QuantizationError) {
        try self.init(matrix.rows, by: matrix.columns)
        matrix.withView { view.copy(from: $0) }
    }
}

extension Matrix where Element: RealScalar {
    /// a − b, of one shape.
    init(_ a: Matrix, minus b: Matrix) throws(QuantizationError) {
        let difference = try Workspace<Element>(copying: a)
        b.withView { difference.view.add(-1, times: $0) }
        self.init(difference)
    }
}

extension Matrix {
    /// Every element `value`.
    init(filledWith value: Element, _ rows: Int, by columns: Int) throws(QuantizationError) {
        let workspace = try Workspace<Element>(rows, by: columns)
        workspace.view.fill(with: value)
        self.init(workspace)
    }

    /// Each element converted.
    func converted<Target>(_ convert: (Element) -> Target) throws(QuantizationError) -> Matrix<Target> {
        let result = try Workspace<Target>(rows, by: columns)
        withView { source in
            for j in 0..<columns {
                let (from, to) = (source.column(j), result.view.column(j))
                for i in 0..<rows { to[i] = convert(from[i]) }
            }
        }
        return Matrix<Target>(result)
    }
}
