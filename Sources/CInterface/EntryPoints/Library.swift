import AdaDimCHeader
import AdaDimLinearAlgebra
import Glibc

// The library as a whole: version, statuses, threads.

@_cdecl("adadim_version")
public func version() -> UnsafePointer<CChar> { constantCString(versionText) }

/// As the header has it; a test compares the two.
private let versionText: StaticString = "0.1.0"

/// Texts for ``blasReport(_:)``, made once: what they say never changes.
private struct BLASTexts: @unchecked Sendable {
    let library, kernels, betterKernels: UnsafePointer<CChar>

    init(_ report: BLASLibrary.Report) {
        func text(_ value: String?) -> UnsafePointer<CChar> {
            value.flatMap { strdup($0) }.map { UnsafePointer($0) } ?? constantCString("")
        }
        library = text(report.library)
        kernels = text(report.kernels)
        betterKernels = text(report.betterKernels)
    }

    static let report = BLASLibrary.report
    static let current = BLASTexts(report)
}

@_cdecl("adadim_blas_report")
public func blasReport(_ blas: UnsafeMutablePointer<adadim_blas>?) -> adadim_status {
    call {
        guard let blas else { throw CallError.null("blas", expected: "a struct to be filled") }
        let size = UnsafeRawPointer(blas).loadUnaligned(as: Int64.self)
        guard size == MemoryLayout<adadim_blas>.size else {
            throw CallError.outOfRange("blas->size", found: size, expected: "sizeof(adadim_blas)")
        }
        let (report, texts) = (BLASTexts.report, BLASTexts.current)
        store(
            adadim_blas(
                size: size, library: texts.library, kernels: texts.kernels, better_kernels: texts.betterKernels,
                below_processor: report.isBelowProcessor ? 1 : 0, foreign: report.isForeign ? 1 : 0,
                lacks_threads: report.lacksThreads ? 1 : 0),
            at: blas)
    }
}

@_cdecl("adadim_blas_core")
public func blasCore() -> UnsafePointer<CChar> { core }

/// Asked once: OpenBLAS's answer never changes.
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
