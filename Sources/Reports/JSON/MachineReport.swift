import AdaDimLinearAlgebra

/// The machine in a report: the processor and libraries, and their rate.
package struct MachineReport: Sendable, Codable, Equatable {
    /// The processor's vector instructions, such as "AVX-512".
    package let instructions: String
    /// The file whose code computes products; null if unknown.
    @NullWhereAbsent package internal(set) var library: String?
    /// The family of OpenBLAS's kernels; null where another library computes products.
    @NullWhereAbsent package internal(set) var kernels: String?
    /// The family that the tool found first and left by starting again; null where it did not start again.
    @NullWhereAbsent package internal(set) var replacedKernels: String?
    /// A family that uses more of this processor; null where there is none, or where the library has none of them.
    @NullWhereAbsent package internal(set) var betterKernels: String?
    package let threads: Int
    /// Flop/s of a product of two float32 matrices of order 512 on these threads, as measured at its first use: the
    /// median of five, some milliseconds.
    package let productRate: Double

    /// Of this process, with the threads that it has now.
    package static var current: MachineReport {
        let blas = BLASLibrary.report
        return MachineReport(
            instructions: "\(Processor.current)", library: blas.library, kernels: blas.kernels,
            replacedKernels: blas.replacedKernels, betterKernels: blas.betterKernels,
            threads: BLASLibrary.threadCount, productRate: measuredRate)
    }

    private static let measuredRate = BLASLibrary.productRate(order: 512, repeats: 5)
}
