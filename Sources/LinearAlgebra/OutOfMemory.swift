/// The system gave no memory for a matrix.
public struct OutOfMemory: Error, Equatable, CustomStringConvertible, Sendable {
    /// The number of elements requested; the largest integer if it overflows.
    public let elements: Int
    /// Bytes of each.
    public let elementBytes: Int

    /// The same in words.
    public var description: String {
        elementBytes == 1
            ? "no memory for \(elements) bytes" : "no memory for \(elements) numbers of \(elementBytes) bytes"
    }
}
