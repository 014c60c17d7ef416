import AdaDimFiles

/// Why a GGUF file could not be read or written.
package struct GGUFError: Error, Equatable, CustomStringConvertible {
    package let file: String
    package let problem: Problem

    package init(file: String, _ problem: Problem) {
        self.file = file
        self.problem = problem
    }

    package var description: String { "\(file): \(problem)" }

    /// One malformation, one case.
    package enum Problem: Error, Equatable, Sendable {
        // Reading.
        case unreadable(reason: String)
        /// Something else is in the file's place.
        case standIn(StandIn)
        case notGGUF(start: [UInt8])
        case bigEndian
        case version(found: UInt32)
        /// The header ends where more of it is expected.
        case cutShort(what: String, needed: UInt64, available: Int)
        /// More entries than the bytes that are left could hold.
        case tooMany(what: String, found: UInt64, most: Int)
        case notUTF8(what: String)
        case emptyName(what: String)
        case duplicateKey(String)
        case unknownValueType(key: String, found: UInt32)
        case arrayOfArrays(key: String)
        case notBoolean(key: String, found: UInt8)
        case alignment(found: String)
        case duplicateTensor(String)
        case dimensions(tensor: String, found: UInt32)
        case unknownTensorType(tensor: String, found: UInt32)
        case sizeOverflow(tensor: String, shape: [UInt64], type: String)
        case partialBlocks(tensor: String, rowLength: Int, type: String, blockLength: Int)
        case offset(tensor: String, found: UInt64, expected: Int)
        case dataBeyondEnd(tensor: String, end: Int, dataBytes: Int)
        case bytesLeftOver(found: Int, expected: Int)
        // Metadata, by what a reader needs of it.
        case missingKey(key: String, expected: String)
        case wrongValue(key: String, found: String, expected: String)
        // Writing.
        case unwritable(operation: String, reason: String)
        case notPlanned(tensor: String)
        case alreadyWritten(tensor: String)
        case notWritten(tensor: String)
        case otherShape(tensor: String, found: [Int], planned: [Int])
        case noTensorBegun
        case wrongByteCount(tensor: String, found: Int, expected: Int)
        case otherHeaderSize(found: Int, planned: Int)
    }
}

extension GGUFError.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .standIn(let found): "\(found)"
        case .notGGUF(let start):
            "begins with the bytes \(start.map { String($0, radix: 16) }.joined(separator: " ")), expected \"GGUF\""
        case .bigEndian: "a GGUF file for big-endian machines, expected a little-endian one"
        case .version(let found): "GGUF version \(found), expected 3"
        case .cutShort(let what, let needed, let available):
            "\(what) needs \(needed) bytes, but \(available) are left; the file is cut short or damaged"
        case .tooMany(let what, let found, let most):
            "\(found) \(what), but the bytes that are left hold at most \(most); the file is cut short or damaged"
        case .notUTF8(let what): "\(what) is not UTF-8"
        case .emptyName(let what): "\(what) is empty, expected a name"
        case .duplicateKey(let key): "the key \(key) is there twice, expected once"
        case .unknownValueType(let key, let found): "key \(key): value type \(found), expected 0 to 12"
        case .arrayOfArrays(let key): "key \(key): an array of arrays, expected numbers, booleans or strings"
        case .notBoolean(let key, let found): "key \(key): a boolean of \(found), expected 0 or 1"
        case .alignment(let found): "general.alignment is \(found), expected a power of two as a 32-bit integer"
        case .duplicateTensor(let name): "the tensor \(name) is there twice, expected once"
        case .dimensions(let tensor, let found): "tensor \(tensor): \(found) dimensions, expected 1 to 4"
        case .unknownTensorType(let tensor, let found): "tensor \(tensor): type \(found), which is not known"
        case .sizeOverflow(let tensor, let shape, let type):
            "tensor \(tensor): \(shape) numbers of \(type) are more bytes than fit in 64 bits"
        case .partialBlocks(let tensor, let length, let type, let block):
            "tensor \(tensor): rows of \(length) numbers of \(type), expected a multiple of \(block)"
        case .offset(let tensor, let found, let expected):
            "tensor \(tensor): data begin at \(found), expected \(expected), after the tensor before it"
        case .dataBeyondEnd(let tensor, let end, let dataBytes):
            "tensor \(tensor): data end at \(end), but the file holds \(dataBytes) bytes of data; "
                + "the file is cut short or damaged"
        case .bytesLeftOver(let found, let expected):
            "\(found) bytes of data, but the tensors end at \(expected); the rest belongs to no tensor"
        case .missingKey(let key, let expected): "no key \(key), expected \(expected)"
        case .wrongValue(let key, let found, let expected): "key \(key) is \(found), expected \(expected)"
        case .unwritable(let operation, let reason): "\(operation) failed: \(reason)"
        case .notPlanned(let tensor): "tensor \(tensor) was not planned"
        case .alreadyWritten(let tensor): "tensor \(tensor) is already written"
        case .notWritten(let tensor): "tensor \(tensor) was planned, but not written"
        case .otherShape(let tensor, let found, let planned):
            "tensor \(tensor): shape \(found), planned was \(planned)"
        case .noTensorBegun: "bytes appended, but no tensor was begun"
        case .wrongByteCount(let tensor, let found, let expected):
            "tensor \(tensor): \(found) bytes of data, expected \(expected) by its shape and type"
        case .otherHeaderSize(let found, let planned):
            "the header needs \(found) bytes, but \(planned) were planned for it"
        }
    }
}
