import AdaDimProcess
import Foundation
import Glibc

/// The output of a second run of this program: for facts that a process can find out only at its start.
/// - Parameters:
///   - arguments: in place of its own.
///   - setting: an environment variable for it, "NAME=value".
/// - Returns: nil where it cannot be run or does not end within ten seconds: the system may refuse a process, or the
///   memory for one.
func outputOfRunBeside(_ arguments: [String], setting: String) -> Data? {
    var words = arguments.map { strdup($0) }
    defer { for word in words { free(word) } }
    guard words.allSatisfy({ $0 != nil }) else { return nil }
    words.append(nil)
    var buffer = [CChar](repeating: 0, count: 1 << 16)
    let own = max(0, Int(CommandLine.argc) - 1)
    let length = adadim_output_beside(words, own, setting, &buffer, buffer.count, 10_000)
    return length < 0 ? nil : Data(buffer.prefix(length).map { UInt8(bitPattern: $0) })
}
