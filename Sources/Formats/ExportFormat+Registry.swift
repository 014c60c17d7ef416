import AdaDimJSON
import AdaDimQuantizedMatrices

extension ExportFormat {
    /// Every format, in the order in which help and errors name them. A new one is a folder, and a line here.
    package static let allCases: [ExportFormat] = [
        .dequantized,
        .compressedTensors,
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

    /// The packed layers of a checkpoint, by this project's names of their modules; nil where its configuration has no
    /// `quantization_config`.
    /// - Parameters:
    ///   - json: the bytes of config.json.
    ///   - file: its path, for errors.
    ///   - formats: those that are known.
    ///   - moduleName: this project's name of a module by any files' name of it; nil for other modules.
    package static func packedLayers(
        in json: some Sequence<UInt8>, file: String, formats: [ExportFormat] = allCases,
        _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer]? {
        guard let config = try JSONKeys<FormatError>(json, file: file).object("quantization_config") else { return nil }
        let known = formats.compactMap { $0.packing as? any ReadablePackedFormat }
        return try format(of: config, among: known).layers(in: config, moduleName)
    }

    /// The format of a `quantization_config`: the first one with its `quant_method` that takes it for its own.
    private static func format(
        of config: JSONKeys<FormatError>, among formats: [any ReadablePackedFormat]
    ) throws(FormatError) -> any ReadablePackedFormat {
        let method = try config.string("quant_method") ?? "missing"
        let named = formats.filter { $0.quantMethod == method }
        guard !named.isEmpty else {
            let methods = Set(formats.map(\.quantMethod)).sorted().joined(separator: " or ")
            throw unreadable(config, "\(config.path)quant_method is \(method), expected \(methods)", formats)
        }
        var mismatches: [String] = []
        for format in named {
            guard let mismatch = try format.mismatch(config) else { return format }
            mismatches.append(mismatch)
        }
        throw unreadable(config, mismatches.joined(separator: ", and "), named)
    }

    private static func unreadable(
        _ config: JSONKeys<FormatError>, _ reason: String, _ formats: [any ReadablePackedFormat]
    ) -> FormatError {
        .unreadableScheme(
            file: config.file, reason: reason, readable: formats.map(\.readable).joined(separator: " and "))
    }
}
