import AdaDimJSON
import AdaDimQuantizedMatrices

extension ExportFormat {
    /// Every format, in the order in which help and errors name them. A new one is a folder, and a line here.
    package static let allCases: [ExportFormat] = [
        .dequantized,
        .compressedTensors,
        .gguf,
        .mlx,
    ]
}

extension ExportFormat: NamedChoice {
    package var rawValue: String { name }

    /// The format of a name; nil where there is none.
    package init?(rawValue: String) {
        guard let format = Self.allCases.first(where: { $0.name == rawValue }) else { return nil }
        self = format
    }

    /// The sentence about all formats, for the help of `--format`.
    package static var help: String { "What to write: " + allCases.map(\.help).joined(separator: ", or ") + "." }

    /// The format of a checkpoint, and its packed layers by this project's names of their modules; nil where its configuration
    /// describes none.
    /// - Parameters:
    ///   - json: the bytes of config.json.
    ///   - file: its path, for errors.
    ///   - formats: those that are known.
    ///   - moduleName: this project's name of a module by any files' name of it; nil for other modules.
    package static func packedLayers(
        in json: some Sequence<UInt8>, file: String, formats: [ExportFormat] = allCases,
        _ moduleName: (String) -> String?
    ) throws(FormatError) -> (format: ExportFormat, layers: [String: any PackedLayer])? {
        let model = try JSONKeys<FormatError>(json, file: file)
        let known = formats.readable
        for key in known.configurationKeys {
            guard let config = try model.object(key) else { continue }
            let (format, packing) = try format(of: config, key, among: known.filter { $0.1.configurationKey == key })
            return (format, try packing.layers(in: config, of: model, moduleName))
        }
        return nil
    }

    /// The keys of config.json by which a checkpoint is known to be packed.
    package static var configurationKeys: [String] { allCases.readable.configurationKeys }

    /// The format of such an object: the first one with its `quant_method` that takes it for its own.
    private static func format(
        of config: JSONKeys<FormatError>, _ key: String, among formats: [(ExportFormat, any ReadablePackedFormat)]
    ) throws(FormatError) -> (ExportFormat, any ReadablePackedFormat) {
        let methods = Set(formats.compactMap(\.1.quantMethod)).sorted()
        let method = methods.isEmpty ? nil : try config.string("quant_method") ?? "missing"
        let named = formats.filter { $0.1.quantMethod == nil || $0.1.quantMethod == method }
        guard !named.isEmpty else {
            throw unreadable(
                config, key,
                "\(config.path)quant_method is \(method ?? ""), expected \(methods.joined(separator: " or "))",
                formats.map(\.1))
        }
        var mismatches: [String] = []
        for format in named {
            guard let mismatch = try format.1.mismatch(config) else { return format }
            mismatches.append(mismatch)
        }
        throw unreadable(config, key, mismatches.joined(separator: ", and "), named.map(\.1))
    }

    private static func unreadable(
        _ config: JSONKeys<FormatError>, _ key: String, _ reason: String, _ formats: [any ReadablePackedFormat]
    ) -> FormatError {
        .unreadableScheme(
            file: config.file, key: key, reason: reason,
            readable: formats.map(\.readable).joined(separator: " and "))
    }
}

extension [ExportFormat] {
    fileprivate var readable: [(ExportFormat, any ReadablePackedFormat)] {
        compactMap { format in (format.packing as? any ReadablePackedFormat).map { (format, $0) } }
    }
}

extension [(ExportFormat, any ReadablePackedFormat)] {
    /// Each key once, in the formats' order.
    fileprivate var configurationKeys: [String] {
        var keys: [String] = []
        for (_, format) in self where !keys.contains(format.configurationKey) { keys.append(format.configurationKey) }
        return keys
    }
}
