/// The system gave no memory for a matrix.
public struct OutOfMemory: Error, Equatable, CustomStringConvertible, Sendable {
    /// Elements that were asked for, and the bytes of each.
    public let elements: Int
    public let elementBytes: Int

    public var description: String {
        elementBytes == 1
            ? "no memory for \(elements) bytes" : "no memory for \(elements) numbers of \(elementBytes) bytes"
    }
}
