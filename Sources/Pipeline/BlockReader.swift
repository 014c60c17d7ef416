import AdaDimDecoder
import Dispatch
import Synchronization

/// Hands out the decoder blocks of a model in turn, and reads the next one's weights while the current one is computed:
/// at most one block more than the current one is in memory.
package final class BlockReader: Sendable {
    private let read: @Sendable (Int) throws -> DecoderBlock
    private let end: Int
    private let queue: DispatchQueue
    private let next = Mutex<Reading?>(nil)

    /// A block on its way from the file.
    private final class Reading: Sendable {
        let index: Int
        private let result = Mutex<Result<DecoderBlock, any Error>?>(nil)
        private let group = DispatchGroup()

        init(_ index: Int, on queue: DispatchQueue, _ read: @escaping @Sendable (Int) throws -> DecoderBlock) {
            self.index = index
            queue.async(group: group) { [self] in
                let block = Result { try read(index) }
                result.withLock { $0 = block }
            }
        }

        func block() throws -> DecoderBlock {
            group.wait()
            guard let result = result.withLock({ $0.take() }) else { preconditionFailure("block \(index) taken twice") }
            return try result.get()
        }
    }

    /// - Parameter end: the block behind the last one that will be asked for.
    package convenience init(_ model: DecoderModel, end: Int) {
        self.init(end: end) { try model.block($0) }
    }

    /// - Parameters:
    ///   - end: the block behind the last one that will be asked for.
    ///   - queue: where blocks are read ahead.
    ///   - read: reads a block.
    package init(
        end: Int, on queue: DispatchQueue = .global(), read: @escaping @Sendable (Int) throws -> DecoderBlock
    ) {
        self.read = read
        self.end = end
        self.queue = queue
    }

    /// Block `index`; an error that reading it met comes up here, not before.
    package func block(_ index: Int) throws -> DecoderBlock {
        let reading = next.withLock { next in
            defer { next = nil }
            return next?.index == index ? next : nil
        }
        let block = try reading?.block() ?? read(index)
        if index + 1 < end { next.withLock { $0 = Reading(index + 1, on: queue, read) } }
        return block
    }
}
