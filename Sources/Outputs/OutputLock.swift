import AdaDimFiles
import Glibc

/// Held by the run that writes an output, from its start to its end, so that no other run writes the same output or
/// mistakes this one's files for a dead run's. The system releases it with the process, however that ends. So the lock
/// distinguishes living runs from dead ones; a process number could not, in another container or on another machine.
///
/// The lock is on a hidden file next to the output, which names its holder and is removed at the end. A file that a
/// killed run left is reused.
package final class OutputLock: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Takes the lock.
    /// - Parameters:
    ///   - path: the file that is locked.
    ///   - output: what a refusal names.
    ///   - lock: locks an open file without waiting; returns 0, or the system's number of what went wrong.
    /// - Returns: nil on a file system without locks.
    /// - Throws: ``OutputFailure/held(output:holder:)`` while another run has it.
    package static func take(
        _ path: String, for output: String, locking lock: (Int32) -> Int32 = lockExclusively
    ) throws(OutputFailure) -> OutputLock? {
        for attempt in 0..<mostAttempts {
            if attempt > 0 { usleep(pause) }
            let (descriptor, isNew) = try openFile(path)
            switch lock(descriptor) {
            case 0:
                // The former holder may have removed the file since it was opened: then another run can lock a new one.
                guard isFile(descriptor, at: path) else {
                    close(descriptor)
                    continue
                }
                LockHolder.write(to: descriptor)
                return OutputLock(path: path, descriptor: descriptor)
            case EWOULDBLOCK:
                defer { close(descriptor) }
                throw .held(output: output, holder: LockHolder.readSoon(descriptor))
            // A network file system may lock by a descriptor for writing only (NFS), which another user's lock is not
            // open with, whether that user's run is alive or dead. Or it refuses a held lock without the reason (SMB).
            case let error where error == EBADF || error == EACCES:
                defer { close(descriptor) }
                if isNew { removeEmpty(descriptor, at: path) }
                throw .notLockable(
                    output: output, lock: path, reason: FileFailure.text(error), holder: LockHolder.readSoon(descriptor)
                )
            case let error where refusals.contains(error):
                removeEmpty(descriptor, at: path)
                close(descriptor)
                return nil
            case let error:
                if isNew { removeEmpty(descriptor, at: path) }
                close(descriptor)
                throw OutputFailure(FileFailure(path, "locking", code: error))
            }
        }
        // Some file systems in user space give a file another number each time that they are asked.
        throw .notLockable(
            output: output, lock: path, reason: "the file that is locked is never the one of that name", holder: nil)
    }

    private static let mostAttempts = 50
    /// Between two, in microseconds.
    private static let pause: UInt32 = 2_000

    /// Takes the lock that a run has left which is no longer alive.
    /// - Returns: nil where the file is not there, is another user's or is not one that this tool writes; where the run is alive;
    ///   and on a file system without locks.
    static func ofKilledRun(_ path: String) -> OutputLock? {
        let descriptor = open(path.systemBytes, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        let status = try? FileStatus(descriptor: descriptor, path: path)
        guard status?.kind == .file, status?.owner == geteuid(),
            LockHolder.read(descriptor).map(LockHolder.isLine) == true,
            lockExclusively(descriptor) == 0, isFile(descriptor, at: path)
        else {
            close(descriptor)
            return nil
        }
        return OutputLock(path: path, descriptor: descriptor)
    }

    /// What a user should know where there is no lock.
    package static func absence(_ output: String) -> String {
        "\(output): the file system has no locks: another run for the same output is not noticed, and what killed runs have "
            + "left next to it stays"
    }

    private init(path: String, descriptor: Int32) {
        (self.path, self.descriptor) = (path, descriptor)
    }

    /// The name is removed first: a run that opens it from then on creates a new file. The name may belong to another
    /// run's file by now, if this one's was removed from outside.
    deinit {
        if Self.isFile(descriptor, at: path) { unlink(path.systemBytes) }
        close(descriptor)
    }

    /// How file systems say that they have no locks.
    private static let refusals: Set<Int32> = [ENOLCK, ENOSYS, ENOTSUP, EOPNOTSUPP, EINVAL]

    /// - Returns: the file, and whether this call has made it.
    private static func openFile(_ path: String) throws(OutputFailure) -> (descriptor: Int32, isNew: Bool) {
        let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let new = open(path.systemBytes, O_RDWR | O_CREAT | O_EXCL | flags, 0o666)
        if new >= 0 { return (new, true) }
        var descriptor = open(path.systemBytes, O_RDWR | O_CREAT | flags, 0o666)
        // Another user's, who may have been killed: locked by a descriptor for reading as well.
        if descriptor < 0 && errno == EACCES {
            descriptor = open(path.systemBytes, O_RDONLY | flags)
            if descriptor < 0 && errno == ENOENT {
                // Not the file refuses but its directory.
                errno = EACCES
            }
        }
        guard descriptor >= 0 else {
            if errno == ELOOP || errno == EISDIR || errno == ENXIO { throw .notALock(path: path) }
            throw .system(path, "creating the run's lock")
        }
        guard (try? FileStatus(descriptor: descriptor, path: path))?.kind == .file else {
            close(descriptor)
            throw .notALock(path: path)
        }
        return (descriptor, false)
    }

    /// Empty means that no run has locked it; remove it.
    private static func removeEmpty(_ descriptor: Int32, at path: String) {
        guard (try? FileStatus(descriptor: descriptor, path: path))?.bytes == 0, isFile(descriptor, at: path) else {
            return
        }
        unlink(path.systemBytes)
    }

    /// - Returns: 0, or why not.
    package static func lockExclusively(_ descriptor: Int32) -> Int32 {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno != EINTR { return errno }
        }
        return 0
    }

    private static func isFile(_ descriptor: Int32, at path: String) -> Bool {
        guard let opened = try? FileStatus(descriptor: descriptor, path: path),
            let named = try? FileStatus(path, followingLinks: false)
        else { return false }
        return opened.identity == named.identity
    }
}
