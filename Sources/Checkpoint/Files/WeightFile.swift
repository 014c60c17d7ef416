import AdaDimFormats
import AdaDimSafetensors

/// A file of weights that is open for reading, of whatever container.
package protocol WeightFile: AnyObject, Sendable {
    var path: String { get }
    /// All tensors, by their names in the checkpoint's files. Of one whose numbers are in blocks, type and shape are those of the
    /// bytes.
    var tensors: [TensorEntry] { get }

    /// What it says of itself by names, as .safetensors files may; nothing in other containers.
    var metadata: [String: String] { get }

    /// How a tensor's numbers are stored.
    func type(of tensor: TensorEntry) -> TensorType

    /// Calls `body` with a tensor's bytes, row-major and little-endian; they are valid only inside it and may be unaligned.
    func withBytes<Result, Failure: Error>(
        of tensor: TensorEntry, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result

    /// Releases the memory into which some bytes of a tensor were read, counted from its start.
    func releasePages(of tensor: TensorEntry, bytes: Range<Int>)
}

extension WeightFile {
    package var metadata: [String: String] { [:] }
}

extension SafetensorsFile: WeightFile {
    package func type(of tensor: TensorEntry) -> TensorType { .elements(tensor.elementType) }
}
