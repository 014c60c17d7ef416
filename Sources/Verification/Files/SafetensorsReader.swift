import Foundation

/// The tensors of a directory's .safetensors files, read a second time: eight bytes with the header's length, the header in JSON,
/// the data. <https://github.com/huggingface/safetensors#format>
package struct SafetensorsReader: Sendable {
    struct Tensor: Sendable {
        let file: String
        let type: String
        let shape: [Int]
        let bytes: Data
    }

    private(set) var tensors: [String: Tensor] = [:]

    /// Opens model.safetensors, or else the files that model.safetensors.index.json lists; the last of several tensors with one
    /// name counts.
    init(_ files: ModelFiles) throws(VerificationError) {
        if let bytes = try files.bytes("model.safetensors") {
            try add(bytes, file: files.directory + "/model.safetensors")
            return
        }
        guard let index = try files.object("model.safetensors.index.json"),
            let map = index["weight_map"] as? [String: String]
        else { throw VerificationError(files.directory, "no model.safetensors, and no index of such files") }
        for name in Set(map.values).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let place = files.directory + "/" + name
            guard !name.hasPrefix("/"), !name.split(separator: "/").contains(".."), let bytes = try files.bytes(name)
            else {
                throw VerificationError(place, "listed in the index, and not there")
            }
            try add(bytes, file: place)
        }
    }

    private mutating func add(_ file: Data, file path: String) throws(VerificationError) {
        func wrong(_ reason: String) -> VerificationError { VerificationError(path, reason) }
        guard file.count >= 8 else { throw wrong("\(file.count) bytes, expected a header's length") }
        var length: UInt64 = 0
        for place in (0..<8).reversed() { length = length << 8 | UInt64(file[file.startIndex + place]) }
        guard length <= 100_000_000, Int(length) <= file.count - 8 else { throw wrong("a header of \(length) bytes") }
        let start = file.startIndex + 8 + Int(length)
        let header = try ModelFiles.object(file[(file.startIndex + 8)..<start], place: path)
        for (name, value) in header where name != "__metadata__" {
            guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int], let range = entry["data_offsets"] as? [Int], range.count == 2,
                0 <= range[0], range[0] <= range[1], range[1] <= file.endIndex - start
            else { throw wrong("tensor \(name): its entry in the header") }
            var count = 1
            for size in shape {
                let (product, overflow) = count.multipliedReportingOverflow(by: size)
                guard size >= 0, !overflow else { throw wrong("tensor \(name): shape \(shape)") }
                count = product
            }
            let (bits, overflow) = count.multipliedReportingOverflow(by: Self.bits[type] ?? 0)
            guard let width = Self.bits[type], !overflow, bits / 8 == range[1] - range[0] || width == 0 else {
                throw wrong("tensor \(name): \(range[1] - range[0]) bytes for \(shape) of \(type)")
            }
            tensors[name] = Tensor(
                file: path, type: type, shape: shape, bytes: file[(start + range[0])..<(start + range[1])])
        }
    }

    private static let bits = [
        "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16,
        "BF16": 16,
        "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "F4": 4,
    ]

    /// A tensor that must be there, of a type and a shape.
    func required(_ name: String, _ types: [String], _ shape: [Int]? = nil) throws(VerificationError) -> Tensor {
        guard let tensor = tensors[name] else {
            throw VerificationError(tensors.values.first?.file ?? "the weights", "no tensor \(name)")
        }
        guard types.contains(tensor.type), shape == nil || shape == tensor.shape else {
            throw VerificationError(
                tensor.file,
                "tensor \(name) is \(tensor.type) \(tensor.shape), expected \(types.joined(separator: " or ")) "
                    + (shape.map { "\($0)" } ?? ""))
        }
        return tensor
    }
}

extension SafetensorsReader.Tensor {
    /// Calls `body` with the tensor's bytes as they lie in the file: nothing is copied.
    func withBytes<Result>(_ body: (TensorBytes) -> Result) -> Result {
        bytes.withUnsafeBytes { body(TensorBytes($0)) }
    }
}
