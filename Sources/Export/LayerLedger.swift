import AdaDimCheckpoint
import AdaDimQuantization

/// Which layers an export was promised and which it has got.
struct LayerLedger {
    private let model: Checkpoint
    private let announced: [String]
    private var missing: Set<String>
    private(set) var summary = ExportSummary()

    init(_ model: Checkpoint, modules: [String]) throws {
        guard model.packing == nil else { throw ExportError.alreadyPacked(directory: model.directory.path) }
        self.model = model
        announced = modules
        missing = Set(modules)
        for module in modules { _ = try type(of: module) }
    }

    func isAnnounced(_ module: String) -> Bool { announced.contains(module) }

    /// Checks a layer off. Its weight's type in the model is returned.
    mutating func take(_ layer: QuantizedMatrix, _ module: String) throws -> StoredFloat {
        guard missing.remove(module) != nil else {
            throw announced.contains(module)
                ? ExportError.layerTwice(module: module) : ExportError.unknownLayer(module: module)
        }
        let expected = try model.location(of: module + ".weight").entry.shape
        guard expected == [layer.rows, layer.columns] else {
            throw ExportError.wrongShape(module: module, found: [layer.rows, layer.columns], expected: expected)
        }
        return try type(of: module)
    }

    mutating func note(_ module: String, _ size: StoredSize, denseBecause reason: String? = nil) {
        summary.sizes[module] = size
        if let reason { summary.dense[module] = reason }
    }

    func checkComplete() throws {
        guard missing.isEmpty else { throw ExportError.layersMissing(modules: announced.filter(missing.contains)) }
    }

    private func type(of module: String) throws -> StoredFloat {
        let elementType = try model.location(of: module + ".weight").entry.elementType
        guard let type = StoredFloat(elementType) else {
            throw ExportError.unsupportedElementType(module: module, found: elementType.rawValue)
        }
        return type
    }
}
