import AdaDimOutputs
import AdaDimTestSupport
import Foundation
import Synchronization
import Testing

@Suite struct FolderSynchronizerTests {
    @Test func aFileSystemThatDoesIt() throws {
        #expect(try FolderSynchronizer.system("/tmp") == nil)
    }

    @Test(arguments: [EINVAL, EBADF, ENOTSUP, ENOSYS, EPERM]) func aRefusalIsANotice(_ error: Int32) throws {
        #expect(
            try FolderSynchronizer { _, path in path == "/tmp" ? error : EIO }("/tmp")
                == String(cString: strerror(error)))
        #expect(
            FolderSynchronizer.notice("/out", "no")
                == "/out: the file system does not write directories to the disk at once (no): if the machine loses power "
                + "within seconds, the output may be incomplete")
    }

    @Test(arguments: [EIO, ENOSPC, EDQUOT, EROFS]) func aDiskThatFailsIsAnError(_ error: Int32) {
        #expect(
            errorText { _ = try FolderSynchronizer { _, _ in error }("/tmp") }
                == "/tmp: writing to the disk failed: \(String(cString: strerror(error)))")
    }

    @Test func anInterruptedOneIsRepeated() throws {
        let calls = Mutex(0)
        let synchronizer = FolderSynchronizer { _, _ in
            calls.withLock {
                $0 += 1
                return $0 < 3 ? EINTR : 0
            }
        }
        #expect(try synchronizer("/tmp") == nil)
        #expect(calls.withLock { $0 } == 3)
    }

    @Test func whatIsNotThereIsAnError() {
        #expect(
            errorText { _ = try FolderSynchronizer.system("/nowhere") }
                == "/nowhere: opening failed: No such file or directory")
    }
}
