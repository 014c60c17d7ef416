import AdaDimCheckpoint
import AdaDimInspection
import AdaDimReports
import AdaDimSafetensors
import Foundation

/// Every channel's figures in a .safetensors file, Double: what a report can only sum up. Written layer by layer.
///
/// For the first layer of those that share their inputs, under its name: `.input.mean`, `.input.rms`, `.input.max`,
/// `.input.kurtosis`, `.input.hessian_diagonal` and `.input.inverse_hessian_diagonal`, [in] each; for every layer
/// `.sensitivity.inverse_hessian.inputs` [in] and `.outputs` [out], and the same of `.sensitivity.hessian_diagonal`.
final class ChannelFile {
    static let name = InspectionReport.channelsName

    private let writer: SafetensorsWriter

    /// The layers that share their inputs, with the shapes [out, in] of their weights.
    typealias Inputs = [[(layer: LinearLayer, out: Int, width: Int)]]

    init(in directory: URL, inputs: Inputs) throws {
        writer = try SafetensorsWriter(
            path: directory.appending(path: Self.name).path,
            headerCapacity: SafetensorsWriter.headerCapacity(for: Self.tensors(inputs)))
    }

    /// Bytes of all channels' figures.
    static func bytes(_ inputs: Inputs) -> Int {
        tensors(inputs).reduce(0) { $0 + ($1.elementType.byteCount(of: $1.shape) ?? 0) }
    }

    private static func tensors(
        _ inputs: Inputs
    ) -> [(name: String, elementType: TensorElementType, shape: [Int])] {
        var tensors: [(name: String, elementType: TensorElementType, shape: [Int])] = []
        for layers in inputs {
            if let first = layers.first {
                tensors += Self.inputNames(first.layer).map { ($0, .float64, [first.width]) }
            }
            for (layer, out, width) in layers {
                for measure in SensitivityMeasure.allCases {
                    let (inputs, outputs) = Self.names(layer, measure)
                    tensors += [(inputs, .float64, [width]), (outputs, .float64, [out])]
                }
            }
        }
        return tensors
    }

    /// - Parameter layer: the first of those that share the inputs.
    func write(_ input: InspectedInput, of layer: LinearLayer) throws {
        let figures = input.activations
        let values = [
            figures.meanMagnitude, figures.rootMeanSquare, figures.largestMagnitude, figures.kurtosis,
            input.hessianDiagonal, input.inverseDiagonal,
        ]
        for (name, values) in zip(Self.inputNames(layer), values) { try write(name, values) }
    }

    func write(_ inspection: LayerInspection, of layer: LinearLayer) throws {
        for measure in SensitivityMeasure.allCases {
            let (inputs, outputs) = Self.names(layer, measure)
            let sensitivity = inspection.sensitivity(measure)
            try write(inputs, sensitivity.inputs)
            try write(outputs, sensitivity.outputs)
        }
    }

    func finish() throws { try writer.finish() }

    private func write(_ name: String, _ values: [Double]) throws {
        try writer.begin(name, .float64, shape: [values.count])
        try writer.append(values)
    }

    private static func inputNames(_ layer: LinearLayer) -> [String] {
        ["mean", "rms", "max", "kurtosis", "hessian_diagonal", "inverse_hessian_diagonal"]
            .map { "\(layer.moduleName).input.\($0)" }
    }

    private static func names(_ layer: LinearLayer, _ measure: SensitivityMeasure) -> (inputs: String, outputs: String)
    {
        let measure =
            switch measure {
            case .inverseHessian: "inverse_hessian"
            case .hessianDiagonal: "hessian_diagonal"
            }
        let prefix = "\(layer.moduleName).sensitivity.\(measure)"
        return (prefix + ".inputs", prefix + ".outputs")
    }
}
