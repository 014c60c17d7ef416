import AdaDimCheckpoint
import AdaDimFiles
import AdaDimFormats
import AdaDimJSON
import Foundation
import Glibc

/// The files of a model that an export copies unchanged: everything next to the weights, in subfolders too.
package struct CarriedFiles {
    /// What a folder may hold in all to be carried. A file at the top may have as many bytes.
    package static let mostFolderEntries = 1000
    package static let mostFolderBytes = 256 << 20
    /// The report of a run, to look at.
    package static let pageName = "quantization-report.html"
    /// The settings of a run, to repeat it.
    package static let recipeName = "quantization-recipe.yaml"

    /// Notices about files that are not copied, and about copied files that need a change; a sentence each.
    package let notices: [String]
    /// Bytes of all that is carried, config.json counted as it is.
    package let bytes: Int
    private let source: String
    private let paths: [String]
    private let configFile: String
    /// config.json as it was when the export began.
    private let config: [UInt8]
    private let format: ExportFormat

    /// - Parameter format: what the output is written as; its own files are not carried.
    package init(_ model: Checkpoint, writing format: ExportFormat) throws(ExportError) {
        let (source, configFile) = (model.directory.path, model.directory.path + "/config.json")
        (self.source, self.configFile, self.format) = (source, configFile, format)
        config = try ExportError.wrapping { () throws(FileFailure) in
            try readFile(configFile, atMost: Checkpoint.mostConfigBytes)
        }
        // Files that a run writes. Some of them may exist already: an output of this tool is a model, too.
        var reserved: Set = ["config.json", OutputDirectory.reportName, Self.pageName, Self.recipeName]
        // Those of the format that a packed model is in serve no other one.
        let formats = model.packedLayers == nil ? [format] : ExportFormat.allCases
        for format in formats { reserved.formUnion(format.packing?.fileNames ?? []) }
        if model.files.count > 1 || model.name(of: model.files[0]) != Checkpoint.singleFileName {
            reserved.insert(Checkpoint.indexFileName)
        }
        let survey = try CarriedSurvey(
            of: source, reserved: reserved, weights: Set(model.files.map(model.name)),
            modules: SentenceTransformerModules(in: source))
        notices = survey.notices
        paths = survey.carried.map(\.path)
        bytes = config.count + survey.carried.reduce(0) { $0 + $1.bytes }
    }

    /// Copies them, links followed.
    func copy(into directory: URL) throws(ExportError) {
        try ExportError.wrapping { () throws(FileFailure) in
            for path in paths {
                if let folder = path.parentPath { try makeDirectories(directory.path + "/" + folder) }
                let file = try ReadFile(source + "/" + path)
                let copy = try OutputFile(creating: directory.path + "/" + path)
                try copy.append(file)
                try copy.closeFile()
            }
        }
    }

    /// Copies config.json without some members and with some set, each to a value that is JSON; everything else stays as it
    /// is, byte by byte.
    func copyConfig(
        into directory: URL, removing removed: [String] = [], setting members: [(key: String, value: Data)]
    ) throws(ExportError) {
        var text = Data(config)
        for key in removed { text = try ConfigText(text, file: configFile).removing(key) }
        for (key, value) in members { text = try ConfigText(text, file: configFile).setting(key, to: value) }
        for (key, value) in try completion() { text = try ConfigText(text, file: configFile).setting(key, to: value) }
        try writeConfig([UInt8](text), into: directory)
    }

    /// What readers of the format need besides what the configuration has.
    private func completion() throws(ExportError) -> [(key: String, value: Data)] {
        guard let packing = format.packing else { return [] }
        do throws(FormatError) {
            return try packing.completion(of: JSONKeys(config, file: configFile))
        } catch {
            throw .badConfig(file: configFile, reason: "\(error)")
        }
    }

    private func writeConfig(_ bytes: [UInt8], into directory: URL) throws(ExportError) {
        let path = directory.path + "/config.json"
        try ExportError.wrapping { () throws(FileFailure) in
            // The second time it replaces what was written to see whether it can be.
            unlink(path.systemBytes)
            try writeFile(bytes, to: path)
        }
    }
}

extension ExportError {
    /// Runs work on files; an error of the system becomes an error of the export.
    package static func wrapping<Result>(_ body: () throws(FileFailure) -> Result) throws(ExportError) -> Result {
        do {
            return try body()
        } catch {
            throw .system(path: error.path, operation: error.operation, reason: error.reason)
        }
    }
}
