/// The place of a report's layers in the model: rows and columns of pictures by depth and role. A report lists layers
/// in the order of the model's description, so its names are all that a page needs.
package struct LayerPlaces {
    /// The place of a layer in pictures.
    package struct Place: Hashable {
        package let block: Int
        /// The last component of the module's name.
        package let role: String
    }

    package let blocks: [Int]
    /// In the order of computation.
    package let roles: [String]
    private let places: [Place?]

    /// - Parameter names: of the layers' modules, in the report's order.
    package init(_ names: [String]) {
        places = names.map(Place.init(module:))
        let known = places.compactMap { $0 }
        blocks = Set(known.map(\.block)).sorted()
        roles = Self.merged(blocks.map { block in known.filter { $0.block == block }.map(\.role) })
    }

    package subscript(index: Int) -> Place? { places[index] }

    /// A value for every block and role, [blocks, roles] row after row; nil where there is no such layer.
    package func grid<Value>(_ value: (Int) -> Value?) -> [Value?] {
        var indices: [Place: Int] = [:]
        for (index, place) in places.enumerated() { if let place { indices[place] = index } }
        return blocks.flatMap { block in
            roles.map { role in indices[Place(block: block, role: role)].flatMap(value) }
        }
    }

    /// The values of one role, block by block.
    package func column<Value>(_ role: String, of grid: [Value?]) -> [Value?] {
        guard let column = roles.firstIndex(of: role) else { return [] }
        return blocks.indices.map { grid[$0 * roles.count + column] }
    }

    /// The roles of all blocks in one order that keeps each block's, which may lack some of them.
    private static func merged(_ blocks: [[String]]) -> [String] {
        var order: [String] = []
        for roles in blocks {
            for (index, role) in roles.enumerated() where !order.contains(role) {
                let previous = index > 0 ? order.firstIndex(of: roles[index - 1]) : nil
                let next = roles[(index + 1)...].lazy.compactMap { order.firstIndex(of: $0) }.first
                order.insert(role, at: previous.map { $0 + 1 } ?? next ?? order.endIndex)
            }
        }
        return order
    }
}

extension LayerPlaces.Place {
    /// The place of a block's module, as in `model.layers.3.self_attn.q_proj`: the first number in its name is the block's.
    /// nil for any other name.
    init?(module name: String) {
        let parts = name.split(separator: ".")
        guard let last = parts.last, let block = parts.dropLast().lazy.compactMap({ Int($0) }).first else { return nil }
        self.init(block: block, role: String(last))
    }
}
