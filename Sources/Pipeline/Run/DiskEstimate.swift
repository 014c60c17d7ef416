import AdaDimFiles

/// The disk space that a run's output takes, in bytes: tensors by the files' headers and the plan, files as they are. The
/// report and the files' headers come on top, so this is a lower bound. An output that is replaced stays until the end.
package struct DiskEstimate: Sendable, Equatable {
    package let bytes: Int

    package init(bytes: Int) { self.bytes = bytes }

    /// - Parameters:
    ///   - directory: one on the file system that is written to.
    ///   - freeSpace: bytes; nil if unknown.
    /// - Throws: ``PipelineError/notEnoughDisk(needed:available:directory:)``.
    package func check(
        _ directory: String, freeSpace: (String) -> Int? = AdaDimFiles.freeSpace(at:)
    ) throws(PipelineError) {
        if let available = freeSpace(directory), bytes > available {
            throw .notEnoughDisk(needed: bytes, available: available, directory: directory)
        }
    }
}
