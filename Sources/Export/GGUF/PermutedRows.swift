import AdaDimCheckpoint
import AdaDimFormats

/// Passes rows on head by head, permuted to the order in which llama.cpp rotates them: see
/// ``GGUFNaming/place(ofRow:inHeadOf:)``. A head's rows are in memory at a time.
final class PermutedRows: TensorBytes {
    private let target: any TensorBytes
    private let rowsPerHead: Int
    private let rowBytes: Int
    private var head: [UInt8] = []

    init(_ target: any TensorBytes, rowsPerHead: Int, rowBytes: Int) {
        self.target = target
        self.rowsPerHead = rowsPerHead
        self.rowBytes = rowBytes
        head.reserveCapacity(rowsPerHead * rowBytes)
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        let headBytes = rowsPerHead * rowBytes
        var rest = bytes[...]
        while !rest.isEmpty {
            let taken = min(headBytes - head.count, rest.count)
            head += rest.prefix(taken)
            rest = rest.dropFirst(taken)
            guard head.count == headBytes else { return }
            try target.append(permuted())
            head.removeAll(keepingCapacity: true)
        }
    }

    private func permuted() -> [UInt8] {
        var result = [UInt8](repeating: 0, count: head.count)
        for row in 0..<rowsPerHead {
            let place = GGUFNaming.place(ofRow: row, inHeadOf: rowsPerHead)
            result.replaceSubrange(
                place * rowBytes..<(place + 1) * rowBytes, with: head[row * rowBytes..<(row + 1) * rowBytes])
        }
        return result
    }
}
