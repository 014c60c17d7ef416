import AdaDimFiles
import Glibc

/// What runs that were killed have left beside an output. Only who holds the output's lock may touch it.
struct OutputLeftovers {
    let names: HiddenNames
    /// The output's path.
    let output: String
    /// The file of an earlier output that is removed last.
    let marker: String
    let spared: String?
    let notice: (String) -> Void

    /// Removes what was never finished, and what was replaced. An earlier output without a successor gets its name again.
    /// - Parameter check: what an earlier output at a path holds, or why it is none.
    func clear(_ check: (String) -> Result<DirectoryTree, any Error>) {
        for path in found(.partial) { notice(removeTree(path) ? HiddenNames.removal(path) : Self.remainder(path)) }
        let old = found(.old)
        // Of several nobody but a person can say which one counts.
        if outputExists {
            for path in old { remove(path, check) }
        } else if old.count == 1 {
            restore(old[0], check)
        } else {
            for path in old { notice("\(path): stays; a killed run had moved it aside from \(output)") }
        }
        for path in found(.replaced) { remove(path, check) }
    }

    private static func remainder(_ path: String) -> String { "\(path): left by a killed run, could not be removed" }

    private var outputExists: Bool { FileStatus.kind(of: output, followingLinks: false) != nil }

    private func found(_ kind: HiddenNames.Kind) -> [String] {
        let spared = spared?.componentBytes ?? []
        return names.leftovers(kind).filter { !spared.starts(with: $0.componentBytes) }
    }

    private func remove(_ path: String, _ check: (String) -> Result<DirectoryTree, any Error>) {
        do {
            let found = try check(path).get()
            notice(found.remove(from: path, last: marker) ? HiddenNames.removal(path) : Self.remainder(path))
        } catch {
            notice("\(path): left by a killed run, stays: \(error)")
        }
    }

    /// Where the run was killed after it had moved the earlier output aside, nothing has the output's name.
    private func restore(_ path: String, _ check: (String) -> Result<DirectoryTree, any Error>) {
        do {
            _ = try check(path).get()
            guard rename(path.systemBytes, output.systemBytes) == 0 else {
                throw OutputFailure.system(output, "renaming \(path)")
            }
            notice("renamed \(path.lastComponent) to \(output) again: a killed run had moved it aside")
        } catch {
            notice("\(path): stays; a killed run had moved it aside from \(output): \(error)")
        }
    }
}

extension DirectoryTree {
    /// Removes what the tree lists, one by one, and the directory itself: what came in since it was listed stays.
    /// - Parameter last: a file that goes when the others are gone.
    /// - Returns: whether nothing is left.
    func remove(from path: String, last: String) -> Bool {
        for name in files where !name.isSamePath(as: last) { unlink((path + "/" + name).systemBytes) }
        for name in directories.reversed() { rmdir((path + "/" + name).systemBytes) }
        if files.contains(where: last.isSamePath) { unlink((path + "/" + last).systemBytes) }
        return rmdir(path.systemBytes) == 0
    }
}
