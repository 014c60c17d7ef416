import AdaDimSafetensors
import Foundation

extension Checkpoint {
    package static let singleFileName = "model.safetensors"
    package static let indexFileName = "model.safetensors.index.json"

    /// Opens the directory's weight files and finds every tensor. Where there is an index, it and the shards must agree
    /// on every name.
    static func openWeights(
        in directory: URL
    ) throws(CheckpointError) -> (files: [SafetensorsFile], locations: [String: Location]) {
        let index = directory.appendingPathComponent(indexFileName)
        let single = directory.appendingPathComponent(singleFileName)
        // The same order as transformers': a file of all tensors comes before an index.
        if FileManager.default.fileExists(atPath: single.path) {
            let file = try open(single)
            return ([file], locations(in: file))
        }
        guard FileManager.default.fileExists(atPath: index.path) else { throw .noWeights(directory: directory.path) }
        let shardOfTensor = try weightMap(index)
        var files: [SafetensorsFile] = []
        var found: [String: Location] = [:]
        for shard in Set(shardOfTensor.values).sorted() {
            guard shard.hasSuffix(".safetensors"), !shard.contains("/"), !shard.hasPrefix(".") else {
                throw .badShardName(index: index.path, shard: shard)
            }
            let file = try open(directory.appendingPathComponent(shard))
            files.append(file)
            for tensor in file.tensors {
                guard shardOfTensor[tensor.name] == shard else {
                    throw .notInIndex(tensor: tensor.name, shard: file.path, index: index.path)
                }
                found[tensor.name] = Location(file: file, entry: tensor)
            }
        }
        for (tensor, shard) in shardOfTensor.sorted(by: { $0.key < $1.key }) where found[tensor] == nil {
            throw .notInShard(
                tensor: tensor, shard: directory.appendingPathComponent(shard).path, index: index.path)
        }
        guard !files.isEmpty else {
            throw .wrongValue(
                file: index.path, key: "weight_map", found: "empty", expected: "a shard's name for every tensor")
        }
        return (files, found)
    }

    /// Tensor name → shard's file name.
    private static func weightMap(_ index: URL) throws(CheckpointError) -> [String: String] {
        let keys = try JSONKeys(try contents(of: index), file: index.path)
        let expected = "an object of shard names by tensor names"
        guard let map = try keys.object("weight_map") else { throw keys.wrong("weight_map", expected: expected) }
        var result: [String: String] = [:]
        for (tensor, shard) in map.members {
            guard case .string(let shard) = shard else { throw map.wrong(tensor, expected: "a shard's file name") }
            result[tensor] = shard
        }
        return result
    }

    private static func open(_ url: URL) throws(CheckpointError) -> SafetensorsFile {
        do { return try SafetensorsFile(path: url.path) } catch { throw .safetensors(error) }
    }

    private static func locations(in file: SafetensorsFile) -> [String: Location] {
        Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, Location(file: file, entry: $0)) })
    }
}
