import Synchronization

/// Memory [rows, columns] that one task at a time works in, uninitialized: made once, used from step to step. A
/// reference, unlike ``Matrix``, so that nothing is ever copied.
package final class Workspace<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    fileprivate let storage: AlignedStorage<Element>
    /// Valid while the workspace lives.
    package let view: MutableMatrixView<Element>

    /// - Parameter leadingDimension: elements from one column to the next, at least `rows`.
    package init(rows: Int, columns: Int, leadingDimension: Int? = nil) {
        let stride = leadingDimension ?? rows
        precondition(
            rows >= 0 && columns >= 0 && stride >= rows, "a workspace [\(rows), \(columns)] with stride \(stride)")
        storage = AlignedStorage(count: stride * columns)
        view = MutableMatrixView(base: storage.base, rows: rows, columns: columns, leadingDimension: stride)
    }

    package convenience init(copying matrix: Matrix<Element>) {
        self.init(rows: matrix.rows, columns: matrix.columns)
        matrix.withView { view.copy(from: $0) }
    }
}

extension Matrix {
    /// The elements of a workspace that nobody writes any more, without a copy.
    /// - Precondition: no padding between its columns.
    package init(_ workspace: Workspace<Element>) {
        precondition(workspace.view.leadingDimension == workspace.view.rows, "a workspace with padding as a matrix")
        self.init(rows: workspace.view.rows, columns: workspace.view.columns, storage: workspace.storage)
    }
}

/// Workspaces that concurrent jobs borrow: one comes to be for each job that runs at the same time.
package final class WorkspacePool<Memory: AnyObject & Sendable>: Sendable {
    private let idle = Mutex<[Memory]>([])
    private let make: @Sendable () -> Memory

    package init(_ make: @escaping @Sendable () -> Memory) { self.make = make }

    /// Lends a workspace to `body`, which must not keep it.
    package func borrow<Result>(_ body: (Memory) -> Result) -> Result {
        let memory = idle.withLock { $0.popLast() } ?? make()
        defer { idle.withLock { $0.append(memory) } }
        return body(memory)
    }
}
