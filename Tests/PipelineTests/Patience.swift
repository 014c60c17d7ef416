import Synchronization

/// Says no so many times, then yes.
final class Patience: Sendable {
    private let left: Atomic<Int>

    init(_ times: Int) { left = Atomic(times) }

    var isOver: Bool { left.wrappingSubtract(1, ordering: .relaxed).oldValue <= 0 }
}
