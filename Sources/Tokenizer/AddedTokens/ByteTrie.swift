import AdaDimJSON

/// Finds the longest of many byte strings at a place of a text.
struct ByteTrie: Sendable {
    private struct Node {
        /// Sorted by byte.
        var children: [(byte: UInt8, node: Int)] = []
        var value: Int?
    }

    private var nodes = [Node()]

    /// Of equal keys, the first inserted counts. Empty keys are ignored.
    mutating func insert(_ key: ByteString, value: Int) {
        guard !key.bytes.isEmpty else { return }
        var current = 0
        for byte in key.bytes {
            if let child = child(of: current, byte) {
                current = child
            } else {
                let place = nodes[current].children.firstIndex { $0.byte > byte } ?? nodes[current].children.count
                nodes[current].children.insert((byte, nodes.count), at: place)
                current = nodes.count
                nodes.append(Node())
            }
        }
        if nodes[current].value == nil { nodes[current].value = value }
    }

    private func child(of node: Int, _ byte: UInt8) -> Int? {
        let children = nodes[node].children
        var low = 0
        var high = children.count
        while low < high {
            let middle = (low + high) / 2
            if children[middle].byte < byte { low = middle + 1 } else { high = middle }
        }
        return low < children.count && children[low].byte == byte ? children[low].node : nil
    }

    /// The bytes that keys begin with.
    var firstBytes: [Bool] {
        var result = [Bool](repeating: false, count: 256)
        for child in nodes[0].children { result[Int(child.byte)] = true }
        return result
    }

    func longest(in text: [UInt8], at start: Int) -> (end: Int, value: Int)? {
        var current = 0
        var found: (Int, Int)?
        var position = start
        while position < text.count, let next = child(of: current, text[position]) {
            current = next
            position += 1
            if let value = nodes[current].value { found = (position, value) }
        }
        return found
    }
}
