import AdaDimFiles
import Glibc

/// Names in the output's directory that its run uses until the output is complete: hidden, and no longer than the file
/// system allows, even if the output's own name is as long as that.
package struct HiddenNames: Sendable {
    private let output: String
    private let parent: String
    /// Bytes of a name, at most.
    private let most: Int

    /// - Throws: ``OutputFailure/nameTooLong(output:bytes:most:)`` for an output that the file system has no name for.
    package init(of output: String, in parent: String) throws(OutputFailure) {
        self.output = output
        self.parent = parent
        let limit = pathconf(parent.systemBytes, Int32(_PC_NAME_MAX))
        most = limit > 0 ? limit : 255
        guard output.pathBytes.count <= most else {
            throw .nameTooLong(output: parent.appendingComponent(output), bytes: output.pathBytes.count, most: most)
        }
    }

    /// Always the same, for all runs that write the output.
    package var lock: String { parent.appendingComponent(name("lock", spare: 0)) }

    /// Another one with every call, by which ``leftovers(_:)`` knows it again.
    package func new(_ kind: Kind) -> String {
        parent.appendingComponent(tagged(kind).new())
    }

    /// The kinds of temporary files next to an output.
    package enum Kind: String, Sendable {
        /// What will be the output.
        case partial
        /// What was the output and will be again, unless another gets the name.
        case old
        /// What was the output and is being removed. For a moment, before the two change names, what will be the output.
        case replaced
        /// What is no output, and gone with its run: see `TemporaryOutputs`.
        case temporary
    }

    /// Paths of all files of a kind next to the output, sorted. None where the directory cannot be listed.
    package func leftovers(_ kind: Kind) -> [String] { tagged(kind).all(in: parent) }

    private func tagged(_ kind: Kind) -> TaggedNames {
        TaggedNames(prefix: name(kind.rawValue + "-", spare: TaggedNames.mostDigits))
    }

    /// The output's name between a dot and what the name is for; if that is too long, its beginning and a digest of the
    /// whole.
    private func name(_ purpose: String, spare: Int) -> String {
        let whole = ".\(output).\(purpose)"
        guard whole.pathBytes.count + spare > most else { return whole }
        let tail = "~\(Self.digest(output)).\(purpose)"
        var head = ""
        for character in output.unicodeScalars {
            guard 1 + head.pathBytes.count + String(character).pathBytes.count + tail.utf8.count + spare <= most else {
                break
            }
            head.unicodeScalars.append(character)
        }
        return ".\(head)\(tail)"
    }

    /// FNV-1a, 64 bits.
    private static func digest(_ text: String) -> String {
        String(
            text.pathBytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 36)
    }
}
