import AdaDimExport
import AdaDimFiles
import AdaDimHTMLReport
import Foundation
import Glibc

/// The details of layers on their way to a page that is written last: in a file, so that memory does not grow with the
/// model's depth.
final class DetailsSpool {
    private let file: OutputFile
    /// Bytes of each piece.
    private var lengths: [Int] = []
    private var read = 0
    private var offset = 0

    /// - Parameter directory: one that vanishes if the run fails.
    init(in directory: URL) throws {
        let path = directory.appending(path: ".details").path
        file = try ExportError.wrapping { () throws(FileFailure) in try OutputFile(creating: path) }
    }

    /// Adds the details of the next layer.
    func append(_ details: LayerDetails) throws {
        let piece = Array(try details.html(row: lengths.count).utf8)
        try ExportError.wrapping { () throws(FileFailure) in try file.append(piece) }
        lengths.append(piece.count)
    }

    /// The details added first and not read yet; nil when there are no more, and the file is gone.
    func next() throws -> String? {
        guard read < lengths.count else {
            try remove()
            return nil
        }
        let piece = try ExportError.wrapping { () throws(FileFailure) in
            try file.read(from: offset, count: lengths[read])
        }
        offset += lengths[read]
        read += 1
        return String(decoding: piece, as: UTF8.self)
    }

    private func remove() throws {
        try ExportError.wrapping { () throws(FileFailure) in
            try file.closeFile()
            guard unlink(file.path.systemBytes) == 0 else { throw FileFailure(file.path, "removing") }
        }
    }
}
