import Glibc

extension BLASLibrary {
    /// Which library computes products, with which kernels, and whether they use what the processor has.
    public struct Report: Sendable, Equatable {
        /// The file whose code computes products, links resolved; nil if unknown.
        public let library: String?
        /// The family of OpenBLAS's kernels, such as "SkylakeX"; nil where another library computes products.
        public let kernels: String?
        /// Whether another file than the linked OpenBLAS computes products, such as one that LD_PRELOAD names. It is left
        /// alone.
        public let isForeign: Bool
        /// The value of `OPENBLAS_CORETYPE`; nil if it is not set, or was set by this program itself.
        public let chosenByUser: String?
        /// The family that this program found first and left by starting again (``startAgainWithBestKernels()``).
        public let replacedKernels: String?
        /// A value for `OPENBLAS_CORETYPE` that uses more of this processor; nil if there is none, or if the library
        /// has none: it uses other kernels than the variable names, and no older ones are left to try.
        public var betterKernels: String? { candidates.first }
        /// All such values, the best first.
        package let candidates: [String]
        /// Whether the kernels use fewer instructions than the processor has. Products then take two to eight times as
        /// long as they need to.
        public let isBelowProcessor: Bool
        /// Whether OpenBLAS got too few threads when it was loaded, and went on since SIGINT was ignored. ``threadCount`` is 1
        /// then, at first.
        public let lacksThreads: Bool
    }

    /// Which library computes products here, and with which kernels.
    public static var report: Report {
        let answering = coreNameOfProducts
        let marker = RestartMarker.current
        let isForeign = answersFromElsewhere
        let better = answering.map { KernelFamily.better(than: $0, on: .current) } ?? []
        let untried = KernelFamily.untried(of: better, after: environment("OPENBLAS_CORETYPE"))
        return Report(
            library: answers.first?.file, kernels: answering, isForeign: isForeign,
            chosenByUser: marker == nil ? environment("OPENBLAS_CORETYPE") : nil,
            replacedKernels: marker.flatMap { $0.replaced == answering ? nil : $0.replaced },
            candidates: untried.filter { !(marker?.tried ?? []).contains($0) },
            isBelowProcessor: !better.isEmpty, lacksThreads: ThreadLending.shared.lacksThreads)
    }

    /// A variable's value; nil where it is not set or empty.
    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
