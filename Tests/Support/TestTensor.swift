import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimSafetensors

/// A tensor to write into a test's file.
package struct TestTensor {
    package let name: String
    package let elementType: TensorElementType
    package let shape: [Int]
    package let bytes: [UInt8]

    package init(_ name: String, _ elementType: TensorElementType, _ shape: [Int], bytes: [UInt8]) {
        (self.name, self.elementType, self.shape, self.bytes) = (name, elementType, shape, bytes)
    }

    /// Elements row-major, rounded to the type.
    package init(_ name: String, _ type: StoredFloat, _ shape: [Int], _ values: [Float]) {
        var bytes = [UInt8](repeating: 0, count: values.count * type.byteWidth)
        bytes.withUnsafeMutableBytes { target in
            values.withUnsafeBufferPointer { source in
                if let source = source.baseAddress, let target = target.baseAddress {
                    _ = type.narrow(source, count: values.count, to: target)
                }
            }
        }
        self.init(name, type.elementType, shape, bytes: bytes)
    }

    /// 64-bit elements, row-major.
    package init(_ name: String, doubles: [Double], _ shape: [Int]) {
        self.init(name, .float64, shape, bytes: doubles.withUnsafeBytes { [UInt8]($0) })
    }
}

/// Writes a safetensors file, which must not exist.
package func writeSafetensors(
    _ tensors: [TestTensor], metadata: [String: String] = [:], to path: String
) throws {
    let writer = try SafetensorsWriter(
        path: path,
        headerCapacity: SafetensorsWriter.headerCapacity(
            for: tensors.map { ($0.name, $0.elementType, $0.shape) }, metadata: metadata),
        metadata: metadata)
    for tensor in tensors {
        try writer.begin(tensor.name, tensor.elementType, shape: tensor.shape)
        try writer.append(tensor.bytes)
    }
    try writer.finish()
}
