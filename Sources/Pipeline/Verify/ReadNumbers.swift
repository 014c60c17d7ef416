import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimVerification

/// The numbers of a model as this program reads them.
struct ReadNumbers {
    /// By this project's names; a packed layer L is L.weight.
    let names: Set<String>
    private let checkpoint: Checkpoint
    private let projectNames: [String: String]
    /// The linear layers by the names of their weights.
    private let layers: [String: LinearLayer]

    init(_ checkpoint: Checkpoint) throws {
        self.checkpoint = checkpoint
        var project: [String: String] = [:]
        var parts: Set<String> = []
        var layers: [String: LinearLayer] = [:]
        for layer in checkpoint.configuration.layers + checkpoint.packedTables {
            let name = checkpoint.weightName(of: layer)
            let tensors = checkpoint.tensors(holding: name)
            guard tensors.allSatisfy(checkpoint.contains) else { continue }
            project[checkpoint.naming.stored(name)] = name
            layers[name] = layer
            if tensors != [name] { parts.formUnion(tensors.map(checkpoint.naming.stored)) }
        }
        projectNames = project
        self.layers = layers
        names = Set(checkpoint.tensorNames.filter { !parts.contains($0) }.map { project[$0] ?? $0 }).union(
            project.values)
    }

    /// This project's name for what has a name in the files.
    func name(_ stored: String) -> String { projectNames[stored] ?? stored }

    /// A tensor as it is read.
    struct Tensor {
        let shape: [Int]
        /// What its numbers are rounded to; nil for one that holds no floats.
        let type: NumberType?
        /// Its rows, for panels of them.
        let panels: (_ rows: Range<Int>) throws -> [Float]
    }

    func tensor(_ name: String) throws -> Tensor {
        if let layer = layers[name], let (weight, type) = try checkpoint.loaded(layer) {
            return Tensor(
                shape: [weight.rows, weight.columns], type: NumberType(rawValue: type.elementType.rawValue),
                panels: { Self.rows($0, of: weight) })
        }
        let (entry, checkpoint) = (try checkpoint.location(of: name).entry, checkpoint)
        return Tensor(
            shape: entry.shape, type: NumberType(rawValue: entry.elementType.rawValue),
            panels: { try checkpoint.storedNumbers(of: name, rows: $0) })
    }

    /// Row-major.
    private static func rows(_ rows: Range<Int>, of weight: Matrix<Float>) -> [Float] {
        var panel = Matrix<Float>(uninitialized: weight.columns, rows.count)
        weight.withView { weight in
            let source = weight[rows: rows, columns: 0..<weight.columns]
            panel.withMutableView { source.transpose(into: $0) { $0 } }
        }
        return panel.columnMajorElements
    }
}
