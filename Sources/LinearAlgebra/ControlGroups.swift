import AdaDimFiles

/// The limits of this process's control groups: its own group and all groups that contain it, wherever they are
/// mounted, in version 1, version 2 or both. The least limit counts. Groups outside a container's view cannot be read.
package struct ControlGroups {
    /// Before every path that is read; empty for the machine's own files.
    private let root: String

    /// - Parameter root: a directory with `proc` and what `proc/self/mountinfo` names.
    package init(root: String = "") { self.root = root }

    /// Bytes of memory; nil if no group sets a limit. A group is throttled from `memory.high` on until nothing moves, so that
    /// is one as well.
    package var memory: Int? {
        let unified = directories(of: nil).flatMap { directory in
            ["memory.max", "memory.high"].compactMap { number(directory + "/" + $0) }
        }
        let memory = directories(of: "memory")
        // Before Linux 5.11 a group of version 1 could be set not to count in the one above it.
        let counting =
            memory.first.flatMap { number($0 + "/memory.use_hierarchy") } == 0 ? memory.prefix(1) : memory[...]
        let legacy = counting.compactMap { number($0 + "/memory.limit_in_bytes") }
        let inherited = memory.first.flatMap { value(of: "hierarchical_memory_limit", in: $0 + "/memory.stat") }
        return (unified + legacy + (inherited.map { [$0] } ?? [])).min()
    }

    /// Processors' worth of time, such as 1.5; nil if no group sets a quota.
    package var processors: Double? {
        let unified = directories(of: nil).compactMap { directory -> Double? in
            let parts = text(directory + "/cpu.max")?.split(whereSeparator: \.isWhitespace) ?? []
            guard parts.count == 2, let quota = Int(parts[0]), let period = Int(parts[1]) else { return nil }
            return Self.share(quota, period)
        }
        let legacy = directories(of: "cpu").compactMap { directory -> Double? in
            guard let quota = number(directory + "/cpu.cfs_quota_us"),
                let period = number(directory + "/cpu.cfs_period_us")
            else { return nil }
            return Self.share(quota, period)
        }
        return (unified + legacy).min()
    }

    /// A quota of -1 is none.
    private static func share(_ quota: Int, _ period: Int) -> Double? {
        quota > 0 && period > 0 ? Double(quota) / Double(period) : nil
    }

    // MARK: Where the groups are

    /// The directories of the process's group and of the groups that contain it, the innermost first.
    /// - Parameter controller: of version 1; nil for version 2.
    private func directories(of controller: String?) -> [String] {
        guard let group = group(of: controller) else { return [] }
        let mounts = mounts(of: controller)
        let within = mounts.compactMap { mount in
            Self.components(group, below: mount.root).map { (mount.point, $0) }
        }
        // A group outside all that is mounted here: a container's mount shows its own group all the same.
        guard let (point, names) = within.max(by: { $0.1.count < $1.1.count }) else {
            return mounts.map(\.point)
        }
        return (0...names.count).reversed().map { count in
            ([point] + names.prefix(count)).joined(separator: "/")
        }
    }

    /// The path from one group to another inside it, nil if it is not inside. Seen from inside a group namespace, paths
    /// of groups outside begin with "/..".
    private static func components(_ group: String, below root: String) -> [String]? {
        let (group, root) = (group.split(separator: "/"), root.split(separator: "/"))
        guard group.starts(with: root) else { return nil }
        let rest = group.dropFirst(root.count).map(String.init)
        return rest.contains("..") ? nil : rest
    }

    /// The process's group, as /proc/self/cgroup has it: lines such as "4:memory:/jobs/17" or "0::/user.slice".
    private func group(of controller: String?) -> String? {
        for line in text("/proc/self/cgroup")?.split(separator: "\n") ?? [] {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if let controller {
                if parts[1].split(separator: ",").contains(Substring(controller)) { return String(parts[2]) }
            } else if parts[0] == "0" && parts[1].isEmpty {
                return String(parts[2])
            }
        }
        return nil
    }

    /// Where groups are seen, and from which group on.
    private func mounts(of controller: String?) -> [(root: String, point: String)] {
        let table = (try? readFile(root + "/proc/self/mountinfo", atMost: Mount.longestTable)) ?? []
        let wanted = AdaDimFiles.mounts(inTable: table).filter { mount in
            guard let controller else { return mount.kind == "cgroup2" }
            return mount.kind == "cgroup" && mount.options.contains(controller)
        }
        return wanted.map { (String(decoding: $0.root, as: UTF8.self), String(decoding: $0.point, as: UTF8.self)) }
    }

    // MARK: Files

    /// A file with "max", or a missing file, sets no limit.
    private func number(_ path: String) -> Int? {
        text(path)?.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }

    private func value(of key: String, in path: String) -> Int? {
        for line in text(path)?.split(separator: "\n") ?? [] {
            let parts = line.split(separator: " ")
            if parts.count == 2 && parts[0] == key { return Int(parts[1]) }
        }
        return nil
    }

    private func text(_ path: String) -> String? {
        // Files of the system's, all of them short.
        (try? readFile(root + path, atMost: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }
}
