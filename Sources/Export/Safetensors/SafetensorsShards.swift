import AdaDimCheckpoint
import AdaDimFiles
import AdaDimFormats
import AdaDimSafetensors
import Foundation

/// The weight files of a model being written, sharded and named as the input's.
final class SafetensorsShards: TensorContainer {
    private let model: Checkpoint
    private let directory: URL
    private var writers: [String: SafetensorsWriter] = [:]
    private var shardOfTensor: [String: String] = [:]
    private var totalBytes = 0
    /// Tensors of the input that other tensors, already written, replace.
    private var replaced: Set<String> = []
    /// What is wrong with tensors that were copied, a sentence each.
    private(set) var notices: [String] = []

    /// - Parameter planned: the tensors that may replace a tensor of the input: at most these, so that the headers fit.
    init(_ model: Checkpoint, _ directory: URL, planned: (TensorEntry) -> [PlannedTensor]) throws {
        self.model = model
        self.directory = directory
        for file in model.files {
            var metadata = file.metadata
            // Loaders require it. Layers that MLX had may be others afterwards.
            if metadata["format"] == nil || model.packedLayers != nil { metadata["format"] = "pt" }
            let name = self.name(of: file)
            let tensors = model.tensors(of: file)
            // A shard of which nothing counts.
            if tensors.isEmpty && model.files.count > 1 { continue }
            if let folder = name.parentPath.map(directory.path.appendingComponent) {
                try ExportError.wrapping { () throws(FileFailure) in try makeDirectories(folder) }
            }
            var entries: [(name: String, elementType: TensorElementType, shape: [Int])] = []
            for tensor in tensors.flatMap(planned) {
                entries.append((model.naming.stored(tensor.name), try Self.elementType(of: tensor), tensor.shape))
            }
            writers[name] = try SafetensorsWriter(
                path: directory.path + "/" + name,
                headerCapacity: SafetensorsWriter.headerCapacity(for: entries, metadata: metadata), metadata: metadata)
        }
    }

    /// The name of the file that has what this one of the model has.
    private func name(of file: any WeightFile) -> String {
        file is SafetensorsFile ? model.name(of: file) : Checkpoint.singleFileName
    }

    /// The type that a tensor has in these files, which hold numbers one by one.
    private static func elementType(of tensor: PlannedTensor) throws(ExportError) -> TensorElementType {
        guard case .elements(let type) = tensor.type else {
            throw .tensorTypeNotStorable(tensor: tensor.name, found: tensor.type.name)
        }
        return type
    }

    /// Writes a tensor into the shard of the tensor that it replaces.
    func write(
        _ tensor: PlannedTensor, insteadOf original: String, _ body: (any TensorBytes) throws -> Void
    ) throws {
        let originals = model.tensors(holding: original)
        let (file, stored) = (
            try model.location(of: originals.first ?? original).file, model.naming.stored(tensor.name)
        )
        let shard = name(of: file)
        guard let writer = writers[shard] else {
            throw SafetensorsError(file: file.path, .noSuchTensor(original))
        }
        let elementType = try Self.elementType(of: tensor)
        try writer.begin(stored, elementType, shape: tensor.shape)
        try body(writer)
        replaced.formUnion(originals.map(model.naming.stored))
        note(stored, elementType, tensor.shape, in: shard)
    }

    /// Copies every tensor that nothing was written for, and finishes the files and the index.
    func finish() throws {
        for file in model.files {
            let shard = name(of: file)
            guard let writer = writers[shard] else { continue }
            for tensor in model.tensors(of: file) where !replaced.contains(tensor.name) {
                try writer.begin(tensor.name, tensor.elementType, shape: tensor.shape)
                try copy(tensor, of: file, to: writer)
                note(tensor.name, tensor.elementType, tensor.shape, in: shard)
            }
            try writer.finish()
        }
        try writeIndex()
    }

    /// A few megabytes at a time, so that a large table of embeddings does not come into memory whole.
    private func copy(_ tensor: TensorEntry, of file: any WeightFile, to writer: SafetensorsWriter) throws {
        let piece = 8 << 20
        var nonFinite = NonFiniteCount(tensor.elementType)
        for start in stride(from: 0, to: tensor.byteRange.count, by: piece) {
            let range = start..<min(start + piece, tensor.byteRange.count)
            try file.withBytes(of: tensor) { (bytes: UnsafeRawBufferPointer) throws(SafetensorsError) in
                let piece = UnsafeRawBufferPointer(rebasing: bytes[range])
                nonFinite?.add(piece)
                try writer.append(piece)
            }
            file.releasePages(of: tensor, bytes: range)
        }
        if let notice = nonFinite?.notice(of: tensor, in: file.path) { notices.append(notice) }
    }

    private func note(_ name: String, _ elementType: TensorElementType, _ shape: [Int], in shard: String) {
        shardOfTensor[name] = shard
        totalBytes += elementType.byteCount(of: shape) ?? 0
    }

    private func writeIndex() throws {
        // The input was read from its single file if it has one, even if there are others.
        guard writers[Checkpoint.singleFileName] == nil || writers.count > 1 else { return }
        let index: [String: Any] = ["metadata": ["total_size": totalBytes], "weight_map": shardOfTensor]
        let data = try JSONSerialization.data(
            withJSONObject: index, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        let path = directory.path + "/" + Checkpoint.indexFileName
        try ExportError.wrapping { () throws(FileFailure) in try writeFile([UInt8](data), to: path) }
    }
}
