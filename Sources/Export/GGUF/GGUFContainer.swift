import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimFormats
import AdaDimGGUF
import AdaDimLinearAlgebra
import AdaDimSafetensors
import Foundation

/// A model as one GGUF file that llama.cpp opens. Tensors have its names; rows of queries and keys are in its order where it rotates
/// neighboring features; tensors of one dimension are float32, as it needs them; all others keep the type that they have.
final class GGUFContainer: TensorContainer {
    private let model: Checkpoint
    private let contents: GGUFContents
    private let writer: GGUFWriter
    /// Tensors of the input that others, already written, replace.
    private var replaced: Set<String> = []
    private let fileType: UInt32?
    /// Numbers of the decoder's blocks that were written in each type, which decide what the file is called.
    private var counts: [GGUFTensorType: Int] = [:]
    private(set) var notices: [String] = []
    var remarks: [String] { contents.notices }

    /// - Throws: ``ExportError/notInGGUF(model:reason:)``, before anything is written.
    init(_ model: Checkpoint, fileType: UInt32?, _ directory: URL) throws {
        self.model = model
        self.fileType = fileType
        contents = try GGUFContents(model)
        writer = try GGUFWriter(
            path: directory.path + "/" + GGUFFormat.fileName, metadata: contents.metadata,
            tensors: contents.tensors.map { GGUFWriter.Plan($0.stored.name, $0.shape) }
                + contents.rewritten.map { GGUFWriter.Plan($0.name, $0.shape) }
                + contents.computed.map { GGUFWriter.Plan($0.name, [$0.values.count]) })
    }

    func write(
        _ tensor: PlannedTensor, insteadOf original: String, _ body: (any TensorBytes) throws -> Void
    ) throws {
        guard let place = contents.place(of: tensor.name) else {
            throw GGUFError(file: writer.path, .notPlanned(tensor: tensor.name))
        }
        try write(place, try Self.type(of: tensor), tensor.shape, body)
        replaced.insert(model.naming.stored(original))
    }

    private func write(
        _ place: GGUFNaming.Tensor, _ type: GGUFTensorType, _ shape: [Int],
        _ body: (any TensorBytes) throws -> Void
    ) throws {
        try writer.begin(place.name, type, shape: shape)
        if shape.count > 1 && place.name.hasPrefix(GGUFDescription.blocks) {
            counts[type, default: 0] += shape.reduce(1, *)
        }
        if let rowsPerHead = place.rowsPerHead {
            let rowBytes = shape.count > 1 ? type.rowBytes(shape[1]) : type.blockBytes
            try body(PermutedRows(writer, rowsPerHead: rowsPerHead, rowBytes: rowBytes))
        } else {
            try body(writer)
        }
    }

    private static func type(of tensor: PlannedTensor) throws(ExportError) -> GGUFTensorType {
        let type: GGUFTensorType? =
            switch tensor.type {
            case .elements(let type): GGUFTensorType(type)
            case .blocks(let name, _, _): GGUFTensorType(name: name)
            }
        guard let type else { throw .tensorTypeNotStorable(tensor: tensor.name, found: tensor.type.name) }
        return type
    }

    /// Copies every tensor that nothing was written for, and completes the header.
    func finish() throws {
        for tensor in contents.tensors where !replaced.contains(tensor.entry.name) { try copy(tensor) }
        for tensor in contents.computed {
            try writer.begin(tensor.name, .float32, shape: [tensor.values.count])
            try writer.append(tensor.values)
        }
        try writer.finish(setting: [(GGUFContents.fileTypeKey, .unsigned32(fileType ?? Self.fileType(counts)))])
    }

    /// A few megabytes at a time. Float32 where there is one dimension.
    private func copy(_ tensor: GGUFContents.Tensor) throws {
        let (file, entry) = (tensor.file, tensor.entry)
        let (piece, type) = (8 << 20, tensor.shape.count > 1 ? tensor.type : .float32)
        var nonFinite = NonFiniteCount(entry.elementType)
        try write(tensor.stored, type, tensor.shape) { target in
            for start in stride(from: 0, to: entry.byteRange.count, by: piece) {
                let range = start..<min(start + piece, entry.byteRange.count)
                try file.withBytes(of: entry) { bytes in
                    let piece = UnsafeRawBufferPointer(rebasing: bytes[range])
                    nonFinite?.add(piece)
                    if type == tensor.type {
                        try target.append(piece)
                    } else {
                        try target.append(Self.widened(piece, tensor.type))
                    }
                }
                file.releasePages(of: entry, bytes: range)
            }
        }
        if let notice = nonFinite?.notice(of: entry, in: file.path) { notices.append(notice) }
    }

    private static func widened(_ bytes: UnsafeRawBufferPointer, _ type: GGUFTensorType) -> [Float] {
        let stored: StoredFloat = type == .bfloat16 ? .bfloat16 : .float16
        let count = bytes.count / stored.byteWidth
        return [Float](unsafeUninitializedCapacity: count) { target, initialized in
            if let source = bytes.baseAddress, let target = target.baseAddress {
                _ = stored.widen(source, count: count, to: target)
            }
            initialized = count
        }
    }

    /// `general.file_type` by the type of blocks that most numbers have (`llama_ftype` of llama.h). It names the file; what
    /// tensors hold, their own types say.
    static func fileType(_ counts: [GGUFTensorType: Int]) -> UInt32 {
        let blocks = counts.filter { $0.key.blockLength > 1 }
        let most = (blocks.isEmpty ? counts : blocks).max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
        return switch most?.key {
        case .float16: 1
        case .q40: 2
        case .q41: 3
        case .q80: 7
        case .q2K: 10
        case .q3K: 12
        case .q4K: 15
        case .q5K: 17
        case .q6K: 18
        case .bfloat16: 32
        default: 0
        }
    }
}

extension GGUFWriter: TensorBytes {}

extension GGUFTensorType {
    /// Nil for types that files cannot have here.
    init?(_ type: TensorElementType) {
        switch type {
        case .float32: self = .float32
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        default: return nil
        }
    }
}
