import AdaDimFiles
import AdaDimFormats
import AdaDimSafetensors
import Foundation

extension Checkpoint {
    package static let singleFileName = "model.safetensors"
    package static let indexFileName = "model.safetensors.index.json"

    /// The name of a weight file in the model's directory: a path relative to it, if the file is in a subfolder.
    package func name(of file: any WeightFile) -> String { file.path.path(below: directory.path) }

    /// A directory's weight files, and the place of every tensor.
    ///
    /// As in transformers, an index only lists the files: tensors are found by the files' own headers, and of several
    /// tensors with one name the one in the last file counts, in the order of the files' names.
    struct Weights {
        private(set) var files: [any WeightFile] = []
        private(set) var locations: [String: Location] = [:]
        /// Where index and files do not agree.
        private(set) var notices: [String] = []

        init(in directory: String) throws(CheckpointError) {
            let index = directory + "/" + indexFileName
            let single = directory + "/" + singleFileName
            // The same order as transformers': a file of all tensors comes before an index.
            if FileStatus.kind(of: single) == .file {
                add(try Self.open(single))
                return
            }
            guard FileStatus.kind(of: index) == .file else {
                throw .noWeights(directory: directory, found: ForeignWeights(in: directory).map { "\($0)" })
            }
            let keys = try JSONKeys(try contents(of: URL(fileURLWithPath: index)), file: index)
            let shardOfTensor = try Self.weightMap(keys)
            let shards = Set(shardOfTensor.values).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            var repeated: [String: String] = [:]
            for shard in shards {
                let file = try Self.open(directory + "/" + shard)
                for tensor in file.tensors where locations[tensor.name] != nil { repeated[tensor.name] = shard }
                add(file)
            }
            guard !files.isEmpty else {
                throw .wrongValue(
                    file: index, key: "weight_map", found: "empty", expected: "a shard's name for every tensor")
            }
            notices =
                [keys.notice].compactMap { $0 }
                + IndexDisagreements(
                    index: index, repeated: repeated, listed: shardOfTensor,
                    found: locations.mapValues { $0.file.path.path(below: directory) }
                ).notices
        }

        /// The weights of a directory with a GGUF file.
        init(gguf directory: String, _ configuration: ModelConfiguration) throws(CheckpointError) {
            let path = directory + "/" + GGUFFormat.fileName
            let file = try GGUFWeights(path: path, configuration)
            add(file)
        }

        private mutating func add(_ file: any WeightFile) {
            files.append(file)
            for tensor in file.tensors { locations[tensor.name] = Location(file: file, entry: tensor) }
        }

        private static func open(_ path: String) throws(CheckpointError) -> SafetensorsFile {
            do { return try SafetensorsFile(path: path) } catch { throw .safetensors(error) }
        }

        /// Tensor name → shard, as a path inside the directory.
        private static func weightMap(_ keys: JSONKeys) throws(CheckpointError) -> [String: String] {
            let expected = "an object of shard names by tensor names"
            guard let map = try keys.object("weight_map") else { throw keys.wrong("weight_map", expected: expected) }
            var result: [String: String] = [:]
            for (tensor, shard) in map.members {
                guard let shard = shard.text else { throw map.wrong(tensor, expected: "a shard's file name") }
                guard let path = pathInside(shard) else { throw .badShardName(index: keys.file, shard: shard) }
                result[tensor] = path
            }
            return result
        }

        /// A shard's path without detours; nil for one that leads out of the directory or is no .safetensors file's.
        private static func pathInside(_ shard: String) -> String? {
            let parts = shard.unicodeScalars.split(separator: "/").map(String.init).filter { $0 != "." }
            guard shard.unicodeScalars.first != "/", shard.hasSuffix(".safetensors"), !shard.contains("\0"),
                !parts.contains("..")
            else { return nil }
            return parts.joined(separator: "/")
        }
    }
}

/// Where an index and the files that it names do not agree, a sentence for each way of it.
private struct IndexDisagreements {
    let index: String
    /// Tensors that several files hold, and the last of these.
    let repeated: [String: String]
    /// Tensors by the index, and their files.
    let listed: [String: String]
    /// Tensors by the files' headers.
    let found: [String: String]

    var notices: [String] {
        let missing = listed.keys.filter { found[$0] == nil }
        let unlisted = found.keys.filter { listed[$0] == nil }
        let elsewhere = found.filter { tensor, file in
            listed[tensor].map { $0 != file && repeated[tensor] == nil } ?? false
        }
        return [
            sentence(
                repeated.keys, "in more than one file", "the last file by name counts, as in transformers"
            ) { "of \(repeated[$0] ?? "")" },
            sentence(unlisted, "in the files, but not listed", "read all the same") {
                "in \(found[$0] ?? "")"
            },
            sentence(elsewhere.keys, "in another file than listed", "read there") {
                "in \(found[$0] ?? "") instead of \(listed[$0] ?? "")"
            },
            sentence(missing, "listed, but in none of the files", "passed over") {
                "expected in \(listed[$0] ?? "")"
            },
        ].compactMap { $0 }
    }

    private func sentence(
        _ tensors: some Collection<String>, _ problem: String, _ consequence: String, _ place: (String) -> String
    ) -> String? {
        guard !tensors.isEmpty else { return nil }
        let places = tensors.sorted().map { "\($0) \(place($0))" }
        return "\(index): \(shortList(places)): \(problem); \(consequence)"
    }
}
