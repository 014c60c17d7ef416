import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimReports
import Foundation
import Logging

/// What a user should know of the kernels that compute, if anything.
struct KernelMessage {
    let level: Logger.Level
    let text: String

    /// - Parameter cost: the cost of the present kernels to a user who has chosen them; measured only then.
    init?(_ blas: BLASLibrary.Report, cost: (BLASLibrary.Report) -> Cost = Cost.init) {
        let less = "use less than this processor has (\(Processor.current))"
        let other =
            "products are computed by \(blas.library ?? "an unknown library"), not by the OpenBLAS that adadim is linked "
            + "with"
        if let better = blas.betterKernels, let kernels = blas.kernels {
            level = .warning
            if let chosen = blas.chosenByUser {
                let choice = "OPENBLAS_CORETYPE=\(chosen) chooses kernels that \(less)"
                switch cost(blas) {
                case .rates(let now, let better, let kernels):
                    text =
                        "\(choice); \(kernels) is faster: \(significant(better / 1e9)) GFLOP/s instead of "
                        + "\(significant(now / 1e9))"
                case .unknown:
                    text = "\(choice): products may take two to eight times as long as with \(better)"
                case .none:
                    text = Self.none(blas, kernels, less)
                }
            } else if blas.isForeign {
                text = "\(other); its kernels, \(kernels), \(less): set OPENBLAS_CORETYPE=\(better)"
            } else {
                text = "OpenBLAS has chosen the kernels \(kernels), which \(less): set OPENBLAS_CORETYPE=\(better)"
            }
        } else if blas.isForeign {
            (level, text) = (.notice, other)
        } else if blas.isBelowProcessor, let kernels = blas.kernels {
            (level, text) = (.warning, Self.none(blas, kernels, less))
        } else if let replaced = blas.replacedKernels, let kernels = blas.kernels {
            level = .notice
            text = "OpenBLAS had chosen the kernels \(replaced), which \(less); started again with \(kernels)"
        } else {
            return nil
        }
    }

    private static func none(_ blas: BLASLibrary.Report, _ kernels: String, _ less: String) -> String {
        "\(blas.library ?? "OpenBLAS") has no kernels better than \(kernels), which \(less): a newer OpenBLAS is faster"
    }

    /// What a poor choice of kernels costs.
    enum Cost {
        /// Flop/s of this process, and with the best kernels that the library has.
        case rates(now: Double, better: Double, kernels: String)
        /// The library has no better kernels.
        case none
        /// The system does not allow to measure it.
        case unknown

        /// Measured by this process, and by a short-lived second one with other kernels, because OpenBLAS chooses them
        /// when it is loaded.
        init(_ blas: BLASLibrary.Report) {
            self = .unknown
            guard (try? reserveProductBuffers()) != nil else { return }
            let threads = BLASLibrary.threadCount
            for better in blas.candidates {
                let json = outputOfRunBeside(
                    ["machine", "--json", "--threads", "\(threads)"], setting: "OPENBLAS_CORETYPE=\(better)")
                guard let json, let found = try? JSONDecoder().decode(MachineReport.self, from: json),
                    found.threads == threads
                else { return }
                if found.kernels == better {
                    self = .rates(
                        now: MachineReport.current.productRate, better: found.productRate, kernels: better)
                    return
                }
            }
            self = .none
        }
    }
}
