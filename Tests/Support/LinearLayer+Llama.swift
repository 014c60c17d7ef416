import AdaDimArchitectures
import AdaDimCheckpoint

extension LinearLayer {
    /// The linear layers of a block of a Llama, in the order of computation.
    package static func llama(block: Int = 0) -> [LinearLayer] {
        Architecture.llama.blockKinds[0].stages.enumerated().flatMap { place, stage in
            stage.layers.map { LinearLayer($0, block: block, stage: place, Architecture.llama.names) }
        }
    }

    /// The one of a role, as in `q_proj`.
    package static func llama(_ role: String, block: Int = 0) -> LinearLayer {
        guard let layer = llama(block: block).first(where: { $0.role == role }) else {
            preconditionFailure("a Llama without \(role)")
        }
        return layer
    }
}
