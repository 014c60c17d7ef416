import AdaDimRegression
import Foundation

/// Layers of the user's own, from a folder of .safetensors files.
enum RegressLayers {
    /// - Returns: one layer for each file, in the order of their names.
    static func read(folder: String) throws -> [UserLayer] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw RegressionError.noDirectory(path: folder)
        }
        throw RegressionError.nothingToRun(reason: "\(folder): layers cannot be read yet")
    }
}
