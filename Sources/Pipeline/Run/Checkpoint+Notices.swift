import AdaDimCheckpoint
import Foundation
import Logging

extension Checkpoint {
    /// Opens a model directory and logs what is right but surprising about it.
    convenience init(directory: URL, allowingQuantized: Bool = false, log: Logger) throws(CheckpointError) {
        try self.init(directory: directory, allowingQuantized: allowingQuantized)
        for notice in notices { log.notice("\(notice)") }
    }

    /// Opens a model directory to quantize its layers, and logs what is right but surprising about that, too.
    convenience init(quantizing directory: URL, log: Logger) throws(CheckpointError) {
        try self.init(directory: directory, log: log)
        if let notice = noticeOfLoadedType { log.notice("\(notice)") }
    }
}
