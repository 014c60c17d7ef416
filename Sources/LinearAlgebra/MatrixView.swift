/// A view [rows, columns] of elements with another owner, column-major: element (i, j) is at `base[j * leadingDimension
/// + i]`, with `leadingDimension >= rows`. Valid only inside the owner's closure.
@usableFromInline
package struct MatrixView<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline package let base: UnsafePointer<Element>
    @usableFromInline package let rows: Int
    @usableFromInline package let columns: Int
    @usableFromInline package let leadingDimension: Int

    @inlinable
    package init(base: UnsafePointer<Element>, rows: Int, columns: Int, leadingDimension: Int) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.leadingDimension = leadingDimension
    }

    @inlinable
    package subscript(row: Int, column: Int) -> Element {
        assert(row >= 0 && row < rows && column >= 0 && column < columns, "index outside the view")
        return base[column * leadingDimension + row]
    }

    /// The first element of a column; its `rows` elements are contiguous.
    @inlinable
    package func column(_ j: Int) -> UnsafePointer<Element> { base + j * leadingDimension }

    /// The window of the given rows and columns.
    @inlinable
    package subscript(rows rowRange: Range<Int>, columns columnRange: Range<Int>) -> MatrixView {
        precondition(
            rowRange.lowerBound >= 0 && rowRange.upperBound <= rows && columnRange.lowerBound >= 0
                && columnRange.upperBound <= columns, "a window outside the matrix")
        return MatrixView(
            base: base + columnRange.lowerBound * leadingDimension + rowRange.lowerBound, rows: rowRange.count,
            columns: columnRange.count, leadingDimension: leadingDimension)
    }
}

/// A window onto elements that may be written. Several threads may hold disjoint windows of one matrix.
@usableFromInline
package struct MutableMatrixView<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline package let base: UnsafeMutablePointer<Element>
    @usableFromInline package let rows: Int
    @usableFromInline package let columns: Int
    @usableFromInline package let leadingDimension: Int

    @inlinable
    package init(base: UnsafeMutablePointer<Element>, rows: Int, columns: Int, leadingDimension: Int) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.leadingDimension = leadingDimension
    }

    /// The same window, for reading.
    @inlinable
    package var reading: MatrixView<Element> {
        MatrixView(base: base, rows: rows, columns: columns, leadingDimension: leadingDimension)
    }

    @inlinable
    package subscript(row: Int, column: Int) -> Element {
        get {
            assert(row >= 0 && row < rows && column >= 0 && column < columns, "index outside the view")
            return base[column * leadingDimension + row]
        }
        nonmutating set {
            assert(row >= 0 && row < rows && column >= 0 && column < columns, "index outside the view")
            base[column * leadingDimension + row] = newValue
        }
    }

    /// The first element of a column; its `rows` elements are contiguous.
    @inlinable
    package func column(_ j: Int) -> UnsafeMutablePointer<Element> { base + j * leadingDimension }

    /// The window of the given rows and columns.
    @inlinable
    package subscript(rows rowRange: Range<Int>, columns columnRange: Range<Int>) -> MutableMatrixView {
        precondition(
            rowRange.lowerBound >= 0 && rowRange.upperBound <= rows && columnRange.lowerBound >= 0
                && columnRange.upperBound <= columns, "a window outside the matrix")
        return MutableMatrixView(
            base: base + columnRange.lowerBound * leadingDimension + rowRange.lowerBound, rows: rowRange.count,
            columns: columnRange.count, leadingDimension: leadingDimension)
    }

    /// Copies the elements of a window of the same shape.
    @inlinable
    package func copy(from source: MatrixView<Element>) {
        precondition(
            source.rows == rows && source.columns == columns,
            "copying [\(source.rows), \(source.columns)] into [\(rows), \(columns)]")
        for j in 0..<columns { column(j).update(from: source.column(j), count: rows) }
    }

    @inlinable
    package func fill(with value: Element) {
        for j in 0..<columns { column(j).update(repeating: value, count: rows) }
    }
}
