import AdaDimLinearAlgebra
import AdaDimPipeline
import Foundation
import Logging

/// What a user should know of the kernels that compute, if anything.
struct KernelMessage {
    let level: Logger.Level
    let text: String

    /// - Parameter rates: what products make with the kernels of now and with better ones, flop/s; asked for only where a
    ///   user's own choice costs something.
    init?(_ blas: BLASLibrary.Report, rates: (_ better: String) -> (now: Double, better: Double)? = { _ in nil }) {
        let less = "use less than this processor has (\(Processor.current))"
        let other =
            "products are computed by \(blas.library ?? "an unknown library"), not by the OpenBLAS that adadim is linked "
            + "with"
        if let better = blas.betterKernels, let kernels = blas.kernels {
            level = .warning
            if let chosen = blas.chosenByUser {
                let cost = rates(better).map { now, better in
                    ": \(significant(better / 1e9)) GFLOP/s instead of \(significant(now / 1e9))"
                }
                text = "OPENBLAS_CORETYPE=\(chosen) chooses kernels that \(less); \(better) is faster\(cost ?? "")"
            } else if blas.isForeign {
                text = "\(other); its kernels, \(kernels), \(less): set OPENBLAS_CORETYPE=\(better)"
            } else {
                text = "OpenBLAS has chosen the kernels \(kernels), which \(less): set OPENBLAS_CORETYPE=\(better)"
            }
        } else if blas.isForeign {
            (level, text) = (.notice, other)
        } else if blas.isBelowProcessor, let kernels = blas.kernels {
            level = .warning
            text =
                "\(blas.library ?? "OpenBLAS") has no kernels better than \(kernels), which \(less): a newer OpenBLAS is "
                + "faster"
        } else if let replaced = blas.replacedKernels, let kernels = blas.kernels {
            level = .notice
            text = "OpenBLAS had chosen the kernels \(replaced), which \(less); started again with \(kernels)"
        } else {
            return nil
        }
    }

    /// The rate of this process, and that of a short-lived one with other kernels; nil where that one does not say.
    static func measuredRates(better: String) -> (now: Double, better: Double)? {
        let child = Process()
        child.executableURL = URL(filePath: "/proc/self/exe")
        child.arguments = ["machine", "--json", "--threads", "\(BLASLibrary.threadCount)"]
        child.environment = ProcessInfo.processInfo.environment.merging(["OPENBLAS_CORETYPE": better]) { $1 }
        let output = Pipe()
        child.standardOutput = output
        child.standardError = FileHandle.nullDevice
        guard (try? child.run()) != nil else { return nil }
        let json = output.fileHandleForReading.readDataToEndOfFile()
        child.waitUntilExit()
        guard let found = try? JSONDecoder().decode(MachineReport.self, from: json), found.kernels == better else {
            return nil
        }
        return (MachineReport.current.productRate, found.productRate)
    }
}
