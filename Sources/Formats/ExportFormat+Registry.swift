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
    ///   - moduleName: this project's name of a module by any files' name of it; nil for other modules.
    package static func packedLayers(
        in json: some Sequence<UInt8>, file: String, _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer]? {
        guard let config = try JSONKeys<FormatError>(json, file: file).object("quantization_config") else { return nil }
        let formats = allCases.compactMap(\.packing)
        let method = try config.string("quant_method") ?? "missing"
        guard let format = formats.first(where: { $0.quantMethod == method }) else {
            throw .unreadableScheme(
                file: file,
                reason: "\(config.path)quant_method is \(method), expected "
                    + formats.map(\.quantMethod).joined(separator: " or "),
                readable: formats.map(\.readable).joined(separator: " and "))
        }
        return try format.layers(in: config, moduleName)
    }
}
