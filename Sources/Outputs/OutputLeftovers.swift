import AdaDimFiles
import Glibc

/// Files that killed runs have left next to an output. Only the holder of the output's lock may touch them.
struct OutputLeftovers {
    /// What an earlier output at a path holds, or why it is none.
    typealias Check = (String) -> Result<DirectoryTree, any Error>

    let names: HiddenNames
    let output: ResolvedPath
    /// The file of an earlier output that is removed last.
    let marker: String
    let spared: String?
    let synchronizeFolder: FolderSynchronizer
    let notice: (String) -> Void

    /// Removes what was never finished, and what was replaced. An earlier output without a successor gets its name again.
    func clear(_ check: Check) {
        for path in found(.partial) {
            notice(removeTree(path) ? LeftoverNotice.removed(path) : LeftoverNotice.notRemoved(path))
        }
        var replaced: [ReplacedOutput] = []
        let old = found(.old)
        if !old.isEmpty && isComplete(check) {
            replaced = old.map { ReplacedOutput($0, .old) }
        } else if old.count == 1 && isFree {
            putBack(old[0], check)
        } else {
            // Of several, only a person can decide which one counts.
            for path in old { notice(LeftoverNotice.notPutBack(path, output.path)) }
        }
        remove(replaced + found(.replaced).map { ReplacedOutput($0, .replaced) }, check)
    }

    private func found(_ kind: HiddenNames.Kind) -> [String] {
        let spared = spared?.componentBytes ?? []
        return names.leftovers(kind).filter { !spared.starts(with: $0.componentBytes) }
    }

    /// Whether an output has the name: an empty directory is none.
    private func isComplete(_ check: Check) -> Bool {
        let tree = try? check(output.path).get()
        return tree?.files.contains(where: marker.isSamePath) == true
    }

    /// Whether nothing has the name, or an empty directory.
    private var isFree: Bool {
        FileStatus.kind(of: output.path, followingLinks: false) == nil
            || (try? AdaDimFiles.names(inDirectory: output.path)) == []
    }

    /// Where the run was killed after it had moved the earlier output aside. An empty directory is replaced in one step.
    private func putBack(_ path: String, _ check: Check) {
        do {
            _ = try check(path).get()
            guard rename(path.systemBytes, output.path.systemBytes) == 0 else {
                throw OutputFailure.system(output.path, "renaming \(path)")
            }
            notice(LeftoverNotice.putBack(path, output.path))
        } catch {
            notice(LeftoverNotice.notPutBack(path, output.path, error))
        }
    }

    /// Until the successor's name is on the disk, the earlier output may be all that a loss of power leaves; the run may have
    /// been killed before that.
    private func remove(_ replaced: [ReplacedOutput], _ check: Check) {
        guard !replaced.isEmpty else { return }
        do throws(OutputFailure) {
            _ = try synchronizeFolder(output.parent)
        } catch {
            for earlier in replaced { notice(LeftoverNotice.stays(earlier.path, error)) }
            return
        }
        for earlier in replaced { remove(earlier, check) }
    }

    private func remove(_ earlier: ReplacedOutput, _ check: Check) {
        var earlier = earlier
        let path = earlier.path
        // The run may have been killed when only the directory itself was left, without anything to know it by.
        if rmdir(path.systemBytes) == 0 { return notice(LeftoverNotice.removed(path)) }
        do {
            let isGone = try earlier.remove(check(path).get(), last: marker, names)
            notice(isGone ? LeftoverNotice.removed(path) : LeftoverNotice.notRemoved(earlier.path))
        } catch {
            notice(LeftoverNotice.stays(path, error))
        }
    }
}
