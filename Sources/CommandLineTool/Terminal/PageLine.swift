import AdaDimFiles
import Foundation

/// The last line of a run: where its page is, as a link that terminals open.
func pageLine(in directory: URL, _ name: String) -> String {
    let path = directory.appending(path: name).absoluteURL.standardized.path
    let unreserved = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~!$&'()*+,;=:@".utf8)
    let text = path.pathBytes.map { byte in
        unreserved.contains(byte) ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
    }
    return "Report: file://\(text.joined())"
}
