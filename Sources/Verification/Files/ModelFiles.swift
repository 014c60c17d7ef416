import Foundation

/// The files of a model's directory, as this module reads them: by Foundation, nothing else.
package struct ModelFiles: Sendable {
    package let directory: String

    package init(directory: String) { self.directory = directory }

    /// A file's bytes, mapped; nil where there is none.
    func bytes(_ name: String) throws(VerificationError) -> Data? {
        let path = directory + "/" + name
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        } catch {
            throw VerificationError(path, "cannot be read: \(error.localizedDescription)")
        }
    }

    /// The object that a JSON file holds; nil where there is none.
    func object(_ name: String) throws(VerificationError) -> [String: Any]? {
        guard let bytes = try bytes(name) else { return nil }
        return try Self.object(bytes, place: directory + "/" + name)
    }

    static func object(_ bytes: Data, place: String) throws(VerificationError) -> [String: Any] {
        guard let object = (try? JSONSerialization.jsonObject(with: bytes)) as? [String: Any] else {
            throw VerificationError(place, "no JSON object")
        }
        return object
    }
}
