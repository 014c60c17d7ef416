import AdaDimCHeader
import AdaDimLinearAlgebra
import Glibc

// The library as a whole: version, statuses, threads.

@_cdecl("adadim_version")
public func version() -> UnsafePointer<CChar> { constantCString(versionText) }

/// As the header has it; a test holds the two together.
private let versionText: StaticString = "0.1.0"

@_cdecl("adadim_blas_core")
public func blasCore() -> UnsafePointer<CChar> { core }

/// Told once: OpenBLAS's answer never changes.
private nonisolated(unsafe) let core: UnsafePointer<CChar> =
    strdup(BLASLibrary.coreName).map { UnsafePointer($0) } ?? constantCString("")

@_cdecl("adadim_last_error")
public func lastError() -> UnsafePointer<CChar> { LastError.text }

@_cdecl("adadim_status_name")
public func statusName(_ status: adadim_status) -> UnsafePointer<CChar> {
    let name: StaticString =
        switch Int(status) {
        case ADADIM_OK: "ADADIM_OK"
        case ADADIM_INVALID_ARGUMENT: "ADADIM_INVALID_ARGUMENT"
        case ADADIM_WRONG_SIZE: "ADADIM_WRONG_SIZE"
        case ADADIM_BUFFER_TOO_SMALL: "ADADIM_BUFFER_TOO_SMALL"
        case ADADIM_NOT_FINITE: "ADADIM_NOT_FINITE"
        case ADADIM_NOT_POSITIVE_DEFINITE: "ADADIM_NOT_POSITIVE_DEFINITE"
        case ADADIM_ALL_INPUTS_INACTIVE: "ADADIM_ALL_INPUTS_INACTIVE"
        case ADADIM_OVERFLOW: "ADADIM_OVERFLOW"
        case ADADIM_OUT_OF_MEMORY: "ADADIM_OUT_OF_MEMORY"
        case ADADIM_CANCELLED: "ADADIM_CANCELLED"
        default: "unknown status"
        }
    return constantCString(name)
}

@_cdecl("adadim_thread_count")
public func threadCount(_ count: UnsafeMutablePointer<Int64>?) -> adadim_status {
    call { try answer(count, "count") { Int64(BLASLibrary.threadCount) } }
}

@_cdecl("adadim_set_thread_count")
public func setThreadCount(_ count: Int64) -> adadim_status {
    call {
        guard count > 0 else { throw CallError.outOfRange("count", found: count, expected: "1 or more") }
        BLASLibrary.threadCount = Int(count)
    }
}
