import AdaDimDecoder
import Dispatch
import Synchronization

/// Hands out the decoder blocks of a model in turn, and reads the next one's weights while the current one is computed:
/// at most one block more than the current one is in memory.
package final class BlockReader: Sendable {
    private let model: DecoderModel
    private let end: Int
    private let next = Mutex<Reading?>(nil)

    /// A block on its way from the file.
    private final class Reading: Sendable {
        let index: Int
        private let result = Mutex<Result<DecoderBlock, any Error>?>(nil)
        private let group = DispatchGroup()

        init(_ index: Int, _ model: DecoderModel) {
            self.index = index
            DispatchQueue.global().async(group: group) { [self] in
                let block = Result { try model.block(index) }
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
    package init(_ model: DecoderModel, end: Int) {
        self.model = model
        self.end = end
    }

    /// Block `index`; an error that reading it met comes up here, not before.
    package func block(_ index: Int) throws -> DecoderBlock {
        let reading = next.withLock { next in
            defer { next = nil }
            return next?.index == index ? next : nil
        }
        let block = try reading?.block() ?? model.block(index)
        if index + 1 < end { next.withLock { $0 = Reading(index + 1, model) } }
        return block
    }
}
