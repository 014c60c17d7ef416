import AdaDimCheckpoint

/// Where the layers of a report stand in the model: rows and columns of pictures by depth and role.
struct LayerPlaces {
    let blocks: [Int]
    let roles: [LinearRole]
    private let layers: [LinearLayer?]

    /// - Parameter names: of the layers' modules, in the report's order.
    init(_ names: [String]) {
        layers = names.map(LinearLayer.init(moduleName:))
        let known = layers.compactMap { $0 }
        blocks = Set(known.map(\.block)).sorted()
        roles = LinearRole.allCases.filter { role in known.contains { $0.role == role } }
    }

    subscript(index: Int) -> LinearLayer? { layers[index] }

    /// A value for every block and role, [blocks, roles] row after row; nil where there is no such layer.
    func grid<Value>(_ value: (Int) -> Value?) -> [Value?] {
        var places: [LinearLayer: Int] = [:]
        for (index, layer) in layers.enumerated() { if let layer { places[layer] = index } }
        return blocks.flatMap { block in
            roles.map { role in places[LinearLayer(block: block, role: role)].flatMap(value) }
        }
    }

    /// The values of one role, block by block.
    func column<Value>(_ role: LinearRole, of grid: [Value?]) -> [Value?] {
        guard let column = roles.firstIndex(of: role) else { return [] }
        return blocks.indices.map { grid[$0 * roles.count + column] }
    }
}
