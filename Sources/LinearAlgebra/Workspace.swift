/// Memory [rows, columns] that one task at a time works in, uninitialized: made once, used from step to step. A
/// reference, unlike ``Matrix``, so that nothing is ever copied.
package final class Workspace<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    fileprivate let storage: AlignedStorage<Element>
    /// Valid while the workspace lives.
    package let view: MutableMatrixView<Element>

    /// - Parameter leadingDimension: elements from one column to the next, at least `rows`.
    package init(allocating rows: Int, _ columns: Int, leadingDimension: Int? = nil) throws(OutOfMemory) {
        let stride = leadingDimension ?? rows
        precondition(
            rows >= 0 && columns >= 0 && stride >= rows, "a workspace [\(rows), \(columns)] with stride \(stride)")
        storage = try AlignedStorage(stride, by: columns)
        view = MutableMatrixView(base: storage.base, rows: rows, columns: columns, leadingDimension: stride)
    }

    /// For callers without a way on when there is no memory.
    package convenience init(rows: Int, columns: Int) {
        do { try self.init(allocating: rows, columns) } catch { preconditionFailure("\(error)") }
    }
}

extension Matrix {
    /// The elements of a workspace that is no longer written, without a copy.
    /// - Precondition: no padding between its columns.
    package init(_ workspace: Workspace<Element>) {
        precondition(workspace.view.leadingDimension == workspace.view.rows, "a workspace with padding as a matrix")
        self.init(rows: workspace.view.rows, columns: workspace.view.columns, storage: workspace.storage)
    }
}

/// Workspaces that concurrent jobs borrow, one for each job that runs at the same time.
package final class WorkspacePool<Memory: AnyObject & Sendable>: Sendable {
    /// How many there are, and so how many jobs may run at the same time.
    package let count: Int
    private let idle: Guarded<[Memory]>

    /// - Throws: what `make` throws.
    package init<Failure: Error>(count: Int, _ make: () throws(Failure) -> Memory) throws(Failure) {
        var made: [Memory] = []
        for _ in 0..<count { made.append(try make()) }
        self.count = count
        idle = Guarded(made)
    }

    /// Calls `body` with a workspace, which it must not keep.
    package func borrow<Result>(_ body: (Memory) -> Result) -> Result {
        guard let memory = idle.withLock({ $0.popLast() }) else {
            preconditionFailure("more than \(count) jobs at the same time")
        }
        defer { idle.withLock { $0.append(memory) } }
        return body(memory)
    }
}
