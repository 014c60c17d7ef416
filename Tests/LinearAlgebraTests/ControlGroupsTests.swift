import AdaDimLinearAlgebra
import Foundation
import Testing

/// Machines made of files, each with another layout of control groups.
@Suite struct ControlGroupsTests {
    /// A folder with `proc/self/cgroup`, `proc/self/mountinfo` and files of groups.
    private final class Machine {
        let root = FileManager.default.temporaryDirectory.appending(path: "adadim-groups-\(UUID().uuidString)")

        init(cgroup: [String], mounts: [String], _ files: [String: String]) throws {
            try write(cgroup.joined(separator: "\n") + "\n", "/proc/self/cgroup")
            let others = [
                "22 28 0:20 / / rw,relatime - ext4 /dev/root rw", "23 22 0:5 / /proc rw shared:3 - proc proc rw",
            ]
            try write((others + mounts).joined(separator: "\n") + "\n", "/proc/self/mountinfo")
            for (path, text) in files { try write(text + "\n", path) }
        }

        deinit { try? FileManager.default.removeItem(at: root) }

        private func write(_ text: String, _ path: String) throws {
            let url = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }

        // The files stay until they are read.
        var memory: Int? { withExtendedLifetime(self) { ControlGroups(root: root.path).memory } }
        var processors: Double? { withExtendedLifetime(self) { ControlGroups(root: root.path).processors } }
        var count: Int { withExtendedLifetime(self) { MachineProcessors.count(in: ControlGroups(root: root.path)) } }
    }

    private static let unified = "31 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
    private static func legacy(_ controllers: String, root: String = "/") -> String {
        "33 31 0:30 \(root) /sys/fs/cgroup/\(controllers) rw,relatime shared:9 - cgroup cgroup rw,\(controllers)"
    }

    /// systemd, SLURM and Kubernetes with version 2: the group lies deep below the root, which has no such files.
    @Test func versionTwoNested() throws {
        let slice = "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_17"
        let machine = try Machine(
            cgroup: ["0::/system.slice/slurmstepd.scope/job_17/step_0/user/task_0"], mounts: [Self.unified],
            [
                "\(slice)/memory.max": "8589934592", "\(slice)/cpu.max": "250000 100000",
                "\(slice)/step_0/memory.max": "max", "\(slice)/step_0/cpu.max": "max 100000",
                "\(slice)/step_0/user/memory.max": "9000000000",
                "\(slice)/step_0/user/task_0/memory.max": "max",
                "/sys/fs/cgroup/other/memory.max": "1000", "/sys/fs/cgroup/other/cpu.max": "1000 100000",
            ])
        #expect(machine.memory == 8_589_934_592)
        #expect(machine.processors == 2.5)
    }

    @Test func theLeastOfAllLevels() throws {
        let machine = try Machine(
            cgroup: ["0::/a/b"], mounts: [Self.unified],
            [
                "/sys/fs/cgroup/a/memory.max": "4000000000", "/sys/fs/cgroup/a/memory.high": "3000000000",
                "/sys/fs/cgroup/a/b/memory.max": "5000000000", "/sys/fs/cgroup/a/b/memory.high": "max",
                "/sys/fs/cgroup/a/cpu.max": "400000 100000", "/sys/fs/cgroup/a/b/cpu.max": "30000 20000",
            ])
        #expect(machine.memory == 3_000_000_000)
        #expect(machine.processors == 1.5)
    }

    /// Version 1, groups of each controller for themselves.
    @Test func versionOneNested() throws {
        let (memory, cpu) = ("/sys/fs/cgroup/memory/slurm/uid_1/job_2", "/sys/fs/cgroup/cpu,cpuacct/batch/job_2")
        let machine = try Machine(
            cgroup: ["9:name=systemd:/", "4:memory:/slurm/uid_1/job_2", "3:cpu,cpuacct:/batch/job_2", "0::/"],
            mounts: [Self.legacy("cpu,cpuacct"), Self.legacy("memory"), Self.legacy("name=systemd")],
            [
                "\(memory)/memory.limit_in_bytes": "9223372036854771712",
                "/sys/fs/cgroup/memory/slurm/uid_1/memory.limit_in_bytes": "6442450944",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
                "\(memory)/memory.use_hierarchy": "1",
                "\(cpu)/cpu.cfs_quota_us": "-1", "\(cpu)/cpu.cfs_period_us": "100000",
                "/sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us": "300000",
                "/sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_period_us": "100000",
            ])
        #expect(machine.memory == 6_442_450_944)
        #expect(machine.processors == 3)
    }

    /// Where groups do not count in the ones above them, those limit nothing; what does limit is in memory.stat, too.
    @Test func versionOneWithoutHierarchy() throws {
        let files = [
            "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "7000000000",
            "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1000000000",
            "/sys/fs/cgroup/memory/a/b/memory.use_hierarchy": "0",
        ]
        let machine = try Machine(cgroup: ["4:memory:/a/b"], mounts: [Self.legacy("memory")], files)
        #expect(machine.memory == 7_000_000_000)
        let above = files.merging(
            ["/sys/fs/cgroup/memory/a/b/memory.stat": "cache 12\nhierarchical_memory_limit 2000000000\nrss 1"]
        ) { $1 }
        #expect(
            try Machine(cgroup: ["4:memory:/a/b"], mounts: [Self.legacy("memory")], above).memory
                == 2_000_000_000)
    }

    /// Memory by version 1 and processors by version 2, beside each other.
    @Test func bothVersions() throws {
        let machine = try Machine(
            cgroup: ["4:memory:/job", "0::/user.slice/job"],
            mounts: [
                Self.legacy("memory"),
                "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
            ],
            [
                "/sys/fs/cgroup/memory/job/memory.limit_in_bytes": "5368709120",
                "/sys/fs/cgroup/unified/user.slice/cpu.max": "150000 100000",
            ])
        #expect(machine.memory == 5_368_709_120)
        #expect(machine.processors == 1.5)
    }

    /// A container without a group namespace: the host's path, of which its own part is mounted.
    @Test func containerByBindMount() throws {
        let path = "/docker/0123abcd"
        let machine = try Machine(
            cgroup: ["4:memory:\(path)", "3:cpu:\(path)/inner"],
            mounts: [Self.legacy("memory", root: path), Self.legacy("cpu", root: path)],
            [
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2147483648",
                "/sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us": "50000",
                "/sys/fs/cgroup/cpu/inner/cpu.cfs_period_us": "100000",
            ])
        #expect(machine.memory == 2_147_483_648)
        #expect(machine.processors == 0.5)
    }

    /// A group namespace: the container's own group is the root; what is outside begins with "/..".
    @Test func groupNamespaces() throws {
        let own = ["/sys/fs/cgroup/memory.max": "1073741824", "/sys/fs/cgroup/cpu.max": "100000 100000"]
        let inside = try Machine(cgroup: ["0::/"], mounts: [Self.unified], own)
        #expect(inside.memory == 1_073_741_824)
        #expect(inside.processors == 1)
        // The process was moved out of the group that its mount shows.
        let moved = try Machine(cgroup: ["0::/../other"], mounts: [Self.unified], own)
        #expect(moved.memory == 1_073_741_824)
        // The mount is of the group above, and the process beside its namespace's root.
        let beside = try Machine(
            cgroup: ["0::/../other"],
            mounts: [Self.unified.replacing(" / /sys", with: " /.. /sys")],
            ["/sys/fs/cgroup/other/memory.max": "4096000", "/sys/fs/cgroup/memory.max": "max"])
        #expect(beside.memory == 4_096_000)
        // The mount was made outside: by which names the own group lies below it is hidden.
        let hidden = try Machine(
            cgroup: ["0::/"], mounts: [Self.unified.replacing(" / /sys", with: " /../.. /sys")],
            ["/sys/fs/cgroup/memory.max": "8192000"])
        #expect(hidden.memory == 8_192_000)
    }

    /// Of two mounts of one hierarchy, the one that shows more groups above the process.
    @Test func severalMounts() throws {
        let machine = try Machine(
            cgroup: ["0::/pod/box"],
            mounts: ["50 22 0:26 /pod/box /run/own rw - cgroup2 cgroup2 rw", Self.unified],
            [
                "/run/own/memory.max": "max", "/sys/fs/cgroup/pod/memory.max": "123456789",
                "/sys/fs/cgroup/pod/box/memory.max": "max",
            ])
        #expect(machine.memory == 123_456_789)
    }

    @Test func namesWithBlanks() throws {
        let machine = try Machine(
            cgroup: ["0::/my group:1/b"], mounts: [Self.unified.replacing("/sys/fs/cgroup", with: #"/my\040groups"#)],
            ["/my groups/my group:1/memory.max": "777"])
        #expect(machine.memory == 777)
    }

    @Test func noneAtAll() throws {
        let groups = [
            try Machine(cgroup: ["0::/a"], mounts: [], [:]), try Machine(cgroup: [], mounts: [Self.unified], [:]),
            try Machine(cgroup: ["nonsense", "4:memory", ":::"], mounts: ["- - -", "", "1 2 3 4 5 6 - cgroup2"], [:]),
        ]
        for group in groups {
            #expect(group.memory == nil)
            #expect(group.processors == nil)
        }
        #expect(ControlGroups(root: "/nowhere").memory == nil)
        let damaged = try Machine(
            cgroup: ["0::/"], mounts: [Self.unified],
            ["/sys/fs/cgroup/memory.max": "", "/sys/fs/cgroup/cpu.max": "100000"])
        #expect(damaged.memory == nil)
        #expect(damaged.processors == nil)
    }

    /// Whole processors, at least one, and never more than there are.
    @Test func processorsAreWhole() throws {
        func count(_ quota: String) throws -> Int {
            let machine = try Machine(
                cgroup: ["0::/"], mounts: [Self.unified], ["/sys/fs/cgroup/cpu.max": quota])
            return machine.count
        }
        let all = MachineProcessors.count(in: ControlGroups(root: "/nowhere"))
        #expect(try count("1000 100000") == 1)
        #expect(try count("100000 100000") == 1)
        #expect(try count("110000 100000") == min(2, all))
        #expect(try count("99999999 100000") == all)
        #expect(try count("max 100000") == all)
    }
}
