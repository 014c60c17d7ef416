import AdaDimProgramStart
import Glibc

extension BLASLibrary {
    /// Starts this program again with better kernels, where OpenBLAS has chosen kernels that use less than the
    /// processor has and the user has chosen none: OpenBLAS chooses when it is loaded, so another choice needs another
    /// start. Call it at the beginning of `main`. Arguments, streams, process number and signals stay as they are, as
    /// by `exec`; the environment gets `OPENBLAS_CORETYPE`.
    ///
    /// Returns where there is nothing to gain: the kernels suit the processor, `OPENBLAS_CORETYPE` is set, another library
    /// than the linked OpenBLAS computes products, or the system does not let the program start again. ``report`` says which.
    public static func startAgainWithBestKernels() {
        let now = report
        guard !now.isForeign, now.chosenByUser == nil, let answering = now.kernels, let better = now.betterKernels
        else {
            return
        }
        let before = RestartMarker.current
        let marker = RestartMarker(
            replaced: before?.replaced ?? answering, tried: (before?.tried ?? []) + [better])
        guard setenv("OPENBLAS_CORETYPE", better, 1) == 0, setenv(RestartMarker.variable, marker.text, 1) == 0 else {
            return
        }
        adadim_start_again()
        // It did not work. The next process is not to take it for a restart.
        unsetenv(RestartMarker.variable)
        unsetenv("OPENBLAS_CORETYPE")
    }
}
