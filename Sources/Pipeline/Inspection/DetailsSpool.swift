import AdaDimReport
import Foundation

/// The details of layers on their way to a page that is written last: in a file, so that memory does not grow with the
/// model's depth.
final class DetailsSpool {
    private let file: URL
    private let handle: FileHandle
    /// Bytes of each piece.
    private var lengths: [Int] = []
    private var read = 0

    /// - Parameter directory: one that vanishes if the run fails.
    init(in directory: URL) throws {
        file = directory.appending(path: ".details")
        handle = try creatingFile(file)
    }

    /// Adds the details of the next layer.
    func append(_ details: LayerDetails) throws {
        let piece = Data(try details.html(row: lengths.count).utf8)
        try namingFile(file) { try handle.write(contentsOf: piece) }
        lengths.append(piece.count)
    }

    /// The details added first and not read yet; nil when there are no more, and the file is gone.
    func next() throws -> String? {
        guard read < lengths.count else {
            try remove()
            return nil
        }
        if read == 0 { try namingFile(file) { try handle.seek(toOffset: 0) } }
        let piece = try namingFile(file) { try handle.read(upToCount: lengths[read]) } ?? Data()
        read += 1
        return String(decoding: piece, as: UTF8.self)
    }

    private func remove() throws {
        try namingFile(file) {
            try handle.close()
            try FileManager.default.removeItem(at: file)
        }
    }
}
