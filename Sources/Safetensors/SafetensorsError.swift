import AdaDimFiles

/// Why a safetensors file could not be read or written.
package struct SafetensorsError: Error, Equatable, CustomStringConvertible {
    package let file: String
    package let problem: Problem

    package init(file: String, _ problem: Problem) {
        self.file = file
        self.problem = problem
    }

    package var description: String { "\(file): \(problem)" }

    /// One malformation, one case.
    package enum Problem: Equatable, Sendable {
        // Reading.
        case unreadable(reason: String)
        /// Something else is in the file's place.
        case standIn(StandIn)
        /// The file begins with a text where a header's length should be.
        case text(start: String)
        case tooShort(bytes: Int)
        case headerTooLarge(bytes: UInt64, limit: Int)
        case headerBeyondEnd(bytes: Int, available: Int)
        case headerNotJSON(reason: String)
        case duplicateNames(members: Int, distinct: Int)
        case metadataNotStrings
        case badEntry(tensor: String, reason: String)
        case unknownElementType(tensor: String, found: String)
        case negativeSize(tensor: String, shape: [Int])
        case sizeOverflow(tensor: String, shape: [Int], elementType: TensorElementType)
        case badOffsets(tensor: String, offsets: [Int])
        case offsetsBeyondEnd(tensor: String, end: Int, dataBytes: Int)
        case wrongByteCount(tensor: String, found: Int, expected: Int)
        case overlap(tensor: String, begin: Int, previous: String, previousEnd: Int)
        case hole(tensor: String, begin: Int, expected: Int)
        case bytesLeftOver(found: Int, expected: Int)
        case noSuchTensor(String)
        // Writing.
        case unwritable(operation: String, reason: String)
        case alreadyWritten(tensor: String)
        case noTensorBegun
        case headerOutgrewReservation(bytes: Int, reserved: Int)
    }
}

extension SafetensorsError.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .standIn(let found): "\(found)"
        case .text(let start):
            "begins with the text \"\(start)\", expected a header's length: it is no .safetensors file"
        case .tooShort(let bytes): "\(bytes) bytes, expected at least the 8 of the header's length"
        case .headerTooLarge(let bytes, let limit): "a header of \(bytes) bytes, expected at most \(limit)"
        case .headerBeyondEnd(let bytes, let available):
            "a header of \(bytes) bytes, but only \(available) follow its length; the file is cut short or damaged"
        case .headerNotJSON(let reason): "the header is not a JSON object: \(reason)"
        case .duplicateNames(let members, let distinct):
            "the header has \(members) entries under \(distinct) distinct names, expected each name once"
        case .metadataNotStrings: "__metadata__ is not a map from strings to strings"
        case .badEntry(let tensor, let reason): "tensor \(tensor): \(reason)"
        case .unknownElementType(let tensor, let found):
            "tensor \(tensor): unknown dtype \(found), expected one of "
                + TensorElementType.allCases.map(\.rawValue).joined(separator: ", ")
        case .negativeSize(let tensor, let shape): "tensor \(tensor): shape \(shape) has a negative size"
        case .sizeOverflow(let tensor, let shape, let elementType):
            "tensor \(tensor): shape \(shape) of \(elementType.rawValue) is not a whole number of bytes "
                + "that fits in 64 bits"
        case .badOffsets(let tensor, let offsets):
            "tensor \(tensor): data_offsets \(offsets), expected two, not negative and in order"
        case .offsetsBeyondEnd(let tensor, let end, let dataBytes):
            "tensor \(tensor): data_offsets end at \(end), but the file holds \(dataBytes) bytes of data; "
                + "the file is cut short or damaged"
        case .wrongByteCount(let tensor, let found, let expected):
            "tensor \(tensor): \(found) bytes of data, expected \(expected) by its shape and dtype"
        case .overlap(let tensor, let begin, let previous, let previousEnd):
            "tensor \(tensor): data begin at \(begin), inside tensor \(previous), which ends at \(previousEnd)"
        case .hole(let tensor, let begin, let expected):
            "tensor \(tensor): data begin at \(begin), expected \(expected); bytes between belong to no tensor"
        case .bytesLeftOver(let found, let expected):
            "\(found) bytes of data, but the tensors end at \(expected); the rest belongs to no tensor"
        case .noSuchTensor(let name): "no tensor \(name)"
        case .unwritable(let operation, let reason): "\(operation) failed: \(reason)"
        case .alreadyWritten(let tensor): "tensor \(tensor) is already written"
        case .noTensorBegun: "bytes appended, but no tensor was begun"
        case .headerOutgrewReservation(let bytes, let reserved):
            "the header needs \(bytes) bytes, but only \(reserved) were reserved for it"
        }
    }
}
