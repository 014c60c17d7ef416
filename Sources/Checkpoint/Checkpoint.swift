import AdaDimArchitectures
import AdaDimFiles
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimSafetensors
import Foundation

/// A Hugging Face model directory, open for reading: config.json, and the tensors of model.safetensors or of the shards
/// that model.safetensors.index.json lists, memory-mapped; or those of model.gguf, where config.json says that this tool wrote
/// them there.
package final class Checkpoint: Sendable {
    package let directory: URL
    package let configuration: ModelConfiguration
    /// The .safetensors files, in the order of their names, or the one GGUF file.
    package let files: [any WeightFile]
    /// The packed layers, by this project's names of their modules; nil in a checkpoint that is not quantized.
    package let packedLayers: [String: any PackedLayer]?
    /// How the files name the decoder's tensors. All that takes a name here takes this project's.
    package let naming: TensorNaming
    /// The linear layers, by their names inside a block, whose bias config.json states and no block stores.
    package let layersWithoutBias: [String]
    /// The type that linear layers are loaded in, whatever their stored type.
    package let loadedType: StoredFloat
    package let configFile: URL
    private let locations: [String: Location]
    private let noticesOfFiles: [String]

    /// The place of a tensor.
    package struct Location: Sendable {
        package let file: any WeightFile
        package let entry: TensorEntry
    }

    /// - Parameters:
    ///   - directory: the model's directory.
    ///   - allowingQuantized: whether to open a checkpoint that is already quantized, if it is of a kind that can be
    ///     read (``ExportFormat``); it is an error otherwise.
    ///   - architectures: those that are known.
    package init(
        directory: URL, allowingQuantized: Bool = false, architectures: [Architecture] = Architecture.all
    ) throws(CheckpointError) {
        self.directory = directory
        try Self.checkDirectory(directory.path)
        configFile = directory.appendingPathComponent("config.json")
        let json = try Self.contents(of: configFile)
        configuration = try ModelConfiguration(
            json: json, file: configFile.path, allowingQuantized: allowingQuantized, architectures: architectures)
        let names = configuration.architecture.names
        let packed = try CheckpointError.reading { [configFile] () throws(FormatError) in
            try ExportFormat.packedLayers(in: json, file: configFile.path) { TensorNaming.full(module: $0, names) }
        }
        packedLayers = packed?.layers
        let isGGUF = packed?.format.container == .gguf()
        let adapter = directory.appendingPathComponent("adapter_config.json").path
        guard FileStatus.kind(of: adapter) == nil else { throw .adapter(file: adapter) }
        let weights =
            if isGGUF { try Weights(gguf: directory.path, configuration) } else { try Weights(in: directory.path) }
        (files, locations) = (weights.files, weights.locations)
        noticesOfFiles = weights.notices
        let naming = try TensorNaming(locations.keys, of: names, directory: directory.path)
        self.naming = naming
        let locations = locations
        layersWithoutBias = Self.layersWithoutBias(configuration) { locations[naming.stored($0)] != nil }
        loadedType = Self.typeLoaded(configuration, naming, packedLayers ?? [:], locations)
    }

    /// What is right but surprising about the directory, a sentence each that names the file.
    package var notices: [String] {
        configuration.notices + noticesOfFiles + [noticeOfBiases(), noticeOfTiedHead()].compactMap { $0 }
    }

    /// All tensors' names in the files, sorted.
    package var tensorNames: [String] { locations.keys.sorted() }

    /// Whether the files have a tensor of this name, or a packed layer whose weight it would be.
    package func contains(_ name: String) -> Bool {
        locations[naming.stored(name)] != nil || packedLayer(of: name) != nil
    }

    /// The place of the tensor of this name.
    package func location(of name: String) throws(CheckpointError) -> Location {
        let stored = naming.stored(name)
        guard let location = locations[stored] else {
            throw .missingTensor(name: stored, directory: directory.path)
        }
        return location
    }

    /// The tensors that the model has from a file: of several files that hold one, the last counts.
    package func tensors(of file: any WeightFile) -> [TensorEntry] {
        file.tensors.filter { locations[$0.name]?.file === file }
    }

    /// Releases the memory into which these tensors were read, a packed layer's under its weight's name. Unknown names
    /// are ignored.
    package func release(_ names: some Sequence<String>) {
        for name in names {
            for tensor in packedLayer(of: name)?.tensors ?? [name] {
                if let location = locations[naming.stored(tensor)] {
                    location.file.releasePages(of: location.entry, bytes: 0..<location.entry.byteRange.count)
                }
            }
        }
    }

    /// Names what is in place of a model directory.
    private static func checkDirectory(_ path: String) throws(CheckpointError) {
        let kind: FileStatus.Kind
        do {
            kind = try FileStatus(path).kind
        } catch {
            throw .notADirectory(path: path, found: error.reason)
        }
        guard kind != .directory else { return }
        guard kind == .file else { throw .notADirectory(path: path, found: "\(kind)") }
        let other = StandIn(file: path).map { "\($0)" }
        let hint = path.hasSuffix(".safetensors") ? "a file; its directory is the model" : "a file, not a directory"
        throw .notADirectory(path: path, found: other ?? hint)
    }

    /// Bytes of a configuration or an index. One of a hundred thousand tensors has ten million.
    package static let mostConfigBytes = 256 << 20

    /// The bytes of a small file of a model's directory.
    static func contents(of url: URL) throws(CheckpointError) -> Data {
        let bytes: [UInt8]
        do {
            bytes = try readFile(url.path, atMost: mostConfigBytes)
        } catch {
            let isMissing = FileStatus.kind(of: url.path) == nil
            let others = isMissing ? ForeignWeights(in: url.deletingLastPathComponent().path) : nil
            throw .unreadable(file: url.path, reason: error.reason + (others.map { "; there is \($0)" } ?? ""))
        }
        if let found = StandIn(bytes) { throw .standIn(file: url.path, found) }
        return Data(bytes)
    }
}
