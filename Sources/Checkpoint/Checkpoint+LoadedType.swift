import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimSafetensors

// The type that a loader computes with. Who opens a model as its files say (transformers with dtype="auto") turns every
// tensor into the type that config.json states, or else into that of the first one.

extension Checkpoint {
    /// The type of the linear layers' weights in the loaded model, which may differ from their stored type. A quantized
    /// layer's scales and values are rounded to it.
    static func typeLoaded(
        _ configuration: ModelConfiguration, _ naming: TensorNaming, _ packed: [String: any PackedLayer],
        _ locations: [String: Location]
    ) -> StoredFloat {
        if let stated = configuration.elementType.flatMap(StoredFloat.init) { return stated }
        let stored = Set(
            configuration.layers.compactMap { layer in
                // A packed layer is loaded in the type of its scales.
                let names = [layer.weightName, packed[layer.moduleName]?.scales].compactMap { $0 }
                return names.lazy.compactMap { locations[naming.stored($0)] }.first
                    .flatMap { StoredFloat($0.entry.elementType) }
            })
        // Of several types the one that holds the values of all.
        return stored.count == 1 ? stored.first ?? .float32 : .float32
    }

    /// What config.json must state of a copy whose tensors lie in another order, so that it is loaded in
    /// ``loadedType``; nil where it states a type or all tensors are of that one.
    package var typeToState: TensorElementType? {
        guard configuration.elementType == nil else { return nil }
        let loaded = loadedType.elementType
        let isMixed = files.contains { $0.tensors.contains { $0.elementType.isFloat && $0.elementType != loaded } }
        return isMixed ? loaded : nil
    }

    /// What is to be said before quantizing, where what is quantized is rounded to another type than the weight's, or where
    /// a copy has to state a type.
    package var noticeOfLoadedType: String? {
        let loaded = loadedType.elementType.name
        if typeToState != nil {
            return """
                \(configFile.path) states no dtype and tensors are stored in several types: what is quantized is \
                rounded to \(loaded), and the output states it
                """
        }
        let stored = Set(
            configuration.layers.compactMap { layer in
                (try? location(of: layer.weightName)).flatMap { StoredFloat($0.entry.elementType) }
            })
        let others = stored.subtracting([loadedType]).map(\.elementType.name).sorted()
        guard !others.isEmpty else { return nil }
        return """
            \(configFile.path) states \(loaded), but linear layers are stored in \(others.joined(separator: " and ")): \
            what is quantized is rounded to \(loaded), the type that it will be loaded in
            """
    }
}

extension TensorElementType {
    var isFloat: Bool { self == .bfloat16 || rawValue.hasPrefix("F") }

    /// The name that config.json has for a type of floats.
    package var name: String {
        switch self {
        case .bfloat16: "bfloat16"
        case .float16: "float16"
        case .float32: "float32"
        default: rawValue
        }
    }
}
