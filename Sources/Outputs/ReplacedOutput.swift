import AdaDimFiles
import Glibc

/// An earlier output under a hidden name, once another one has its own.
struct ReplacedOutput {
    private(set) var path: String
    private var isPutBack: Bool

    /// - Parameter kind: `old` or `replaced`.
    init(_ path: String, _ kind: HiddenNames.Kind) {
        self.path = path
        isPutBack = kind == .old
    }

    /// Removes what it holds, and it, where others have put nothing into it. It first gets a name by which it is never put
    /// back: the half of an output is none.
    /// - Parameters:
    ///   - tree: what it holds.
    ///   - marker: the file that goes when the others are gone.
    /// - Throws: where nothing was removed.
    /// - Returns: whether nothing is left.
    mutating func remove(_ tree: DirectoryTree, last marker: String, _ names: HiddenNames) throws(OutputFailure) -> Bool
    {
        if isPutBack {
            let replaced = names.new(.replaced)
            guard rename(path.systemBytes, replaced.systemBytes) == 0 else {
                throw .system(replaced, "renaming \(path)")
            }
            (path, isPutBack) = (replaced, false)
        }
        return tree.remove(from: path, last: marker)
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
