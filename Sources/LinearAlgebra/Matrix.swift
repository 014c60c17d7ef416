import Glibc

/// A dense matrix [rows, columns], column-major as BLAS and LAPACK are: element (i, j) is at `j * rows + i`, so a
/// column is contiguous and the leading dimension equals the number of rows.
///
///     a c e
///     b d f      is stored as      a b c d e f
///
/// Memory is aligned to 64 bytes. A value type: copies share storage until one of them is written to. To make or copy
/// one traps where there is no memory, and for a negative number of rows or columns.
public struct Matrix<Element: BitwiseCopyable & Sendable>: Sendable {
    /// Number of rows.
    public let rows: Int
    /// Number of columns.
    public let columns: Int
    @usableFromInline var storage: AlignedStorage<Element>

    /// A matrix with uninitialized elements: for callers that write every element.
    @inlinable
    package init(uninitialized rows: Int, _ columns: Int) {
        self.init(
            rows: rows, columns: columns,
            storage: orTrap { () throws(OutOfMemory) in
                try AlignedStorage(rows, by: columns)
            })
    }

    /// A matrix [rows, columns] of elements whose bits are zero. Large ones cost nothing yet: the system provides zeros
    /// when memory is first touched, on the thread that touches it.
    package init(zeros rows: Int, _ columns: Int) throws(OutOfMemory) {
        self.init(rows: rows, columns: columns, storage: try AlignedStorage(rows, by: columns, isZero: true))
    }

    @usableFromInline
    init(rows: Int, columns: Int, storage: AlignedStorage<Element>) {
        self.rows = rows
        self.columns = columns
        self.storage = storage
    }

    /// A matrix [rows, columns] with every element equal to `value`.
    @inlinable
    public init(repeating value: Element, rows: Int, columns: Int) {
        self.init(uninitialized: rows, columns)
        storage.base.initialize(repeating: value, count: rows * columns)
    }

    /// A matrix [rows, columns] from `elements`, column after column.
    /// - Precondition: `elements.count == rows * columns`.
    @inlinable
    public init(columnMajor elements: [Element], rows: Int, columns: Int) {
        precondition(
            elements.count == rows * columns,
            "\(elements.count) elements for a matrix of \(rows) rows and \(columns) columns")
        self.init(uninitialized: rows, columns)
        elements.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { storage.base.initialize(from: start, count: source.count) }
        }
    }

    /// A matrix [rows, columns] from `elements`, row after row, as NumPy and PyTorch lay them out.
    /// - Precondition: `elements.count == rows * columns`.
    @inlinable
    public init(rowMajor elements: [Element], rows: Int, columns: Int) {
        precondition(
            elements.count == rows * columns,
            "\(elements.count) elements for a matrix of \(rows) rows and \(columns) columns")
        self.init(uninitialized: rows, columns)
        for j in 0..<columns {
            for i in 0..<rows { storage.base[j * rows + i] = elements[i * columns + j] }
        }
    }

    /// A matrix [rows, columns] whose element (i, j) is `element(i, j)`.
    @inlinable
    public init(rows: Int, columns: Int, _ element: (_ row: Int, _ column: Int) throws -> Element) rethrows {
        self.init(uninitialized: rows, columns)
        for j in 0..<columns {
            for i in 0..<rows { storage.base[j * rows + i] = try element(i, j) }
        }
    }

    /// Number of elements, rows · columns.
    @inlinable public var count: Int { rows * columns }

    /// The elements, column after column.
    public var columnMajorElements: [Element] {
        Array(UnsafeBufferPointer(start: storage.base, count: count))
    }

    /// The elements, row after row.
    public var rowMajorElements: [Element] { transposed().columnMajorElements }

    /// The element in a row and a column, both counted from 0.
    /// - Precondition: both are inside the matrix.
    /// - Complexity: reading, O(1). Writing too, unless storage is shared: then all elements are copied first.
    @inlinable
    public subscript(row: Int, column: Int) -> Element {
        get {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns, "index outside the matrix")
            return storage.base[column * rows + row]
        }
        set {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns, "index outside the matrix")
            makeUnique()
            storage.base[column * rows + row] = newValue
        }
    }

    /// Calls `body` with the elements for reading; the view is valid only inside `body`.
    @inlinable
    package func withView<Result, Failure: Error>(
        _ body: (MatrixView<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let result = try body(MatrixView(base: storage.base, rows: rows, columns: columns, leadingDimension: rows))
        withExtendedLifetime(storage) {}
        return result
    }

    /// Calls `body` with the elements for writing; the view is valid only inside `body`. Copies first if storage is
    /// shared.
    @inlinable
    package mutating func withMutableView<Result, Failure: Error>(
        _ body: (MutableMatrixView<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        makeUnique()
        let view = MutableMatrixView(base: storage.base, rows: rows, columns: columns, leadingDimension: rows)
        defer { withExtendedLifetime(storage) {} }
        return try body(view)
    }

    @inlinable
    mutating func makeUnique() {
        if isKnownUniquelyReferenced(&storage) { return }
        orTrap { () throws(OutOfMemory) in try copyStorage() }
    }

    /// A square matrix's lower triangle in storage of its own, copied on all threads; the rest is uninitialized.
    func copyOfLowerTriangle() throws(OutOfMemory) -> Matrix {
        let result = try Workspace<Element>(allocating: rows, columns)
        withView { source in
            concurrently(columns) { j in
                result.view.column(j).advanced(by: j).update(from: source.column(j) + j, count: rows - j)
            }
        }
        return Matrix(result)
    }

    @usableFromInline
    mutating func copyStorage() throws(OutOfMemory) {
        let copy = try AlignedStorage<Element>(rows, by: columns)
        copy.base.initialize(from: storage.base, count: count)
        storage = copy
    }
}

/// For callers without a way on when there is no memory.
@usableFromInline
func orTrap<Result>(_ body: () throws(OutOfMemory) -> Result) -> Result {
    do { return try body() } catch { preconditionFailure("\(error)") }
}

extension Matrix: Equatable where Element: Equatable {
    /// Whether two matrices have the same shape and equal elements. NaN equals nothing, but a matrix equals a copy of
    /// itself that was never written to.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    @_specialize(where Element == UInt8)
    public static func == (a: Matrix, b: Matrix) -> Bool {
        guard a.rows == b.rows && a.columns == b.columns else { return false }
        return a.storage === b.storage
            || UnsafeBufferPointer(start: a.storage.base, count: a.count)
                .elementsEqual(UnsafeBufferPointer(start: b.storage.base, count: b.count))
    }
}

/// Memory of a matrix. Written to only through a uniquely referenced owner, hence safe to share between threads.
@usableFromInline
final class AlignedStorage<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutablePointer<Element>
    private let allocation: UnsafeMutableRawPointer

    /// Aligned by hand: the aligned allocation of glibc before 2.38 rarely reuses what was freed (its bug 14581), and
    /// a process that makes and drops large matrices would grow without end.
    @usableFromInline
    init(_ rows: Int, by columns: Int, isZero: Bool = false) throws(OutOfMemory) {
        precondition(rows >= 0 && columns >= 0, "a matrix cannot have \(rows) rows and \(columns) columns")
        let width = MemoryLayout<Element>.stride
        let (count, countOverflows) = rows.multipliedReportingOverflow(by: columns)
        let (bytes, bytesOverflow) = max(count, 1).multipliedReportingOverflow(by: width)
        let isLarge = bytes >= LargePages.worthwhile
        let alignment = isLarge ? LargePages.size : 64
        guard !countOverflows, !bytesOverflow, bytes <= Int.max - alignment,
            let allocation = isZero ? calloc(1, bytes + alignment) : malloc(bytes + alignment)
        else {
            throw OutOfMemory(elements: countOverflows ? .max : count, elementBytes: width)
        }
        self.allocation = allocation
        let aligned = allocation.alignedUp(toMultipleOf: alignment)
        if isLarge { LargePages.ask(for: aligned, bytes: bytes) }
        base = aligned.bindMemory(to: Element.self, capacity: max(count, 1))
    }

    deinit { free(allocation) }
}

/// Pages of 2 MB where the system grants them on request: fresh memory comes in five hundred times fewer faults, and
/// the walks of a product through a matrix miss fewer address translations.
private enum LargePages {
    static let size = 2 << 20
    /// Bytes from which an allocation is aligned for them.
    static let worthwhile = 4 * size

    static func ask(for memory: UnsafeMutableRawPointer, bytes: Int) {
        #if os(Linux)
            // Advice: where it is not taken, nothing is lost.
            _ = madvise(memory, bytes / size * size, MADV_HUGEPAGE)
        #endif
    }
}
