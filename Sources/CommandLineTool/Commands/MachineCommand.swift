import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimReports
import ArgumentParser

struct MachineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine",
        abstract: "Show what this machine computes with, and how fast.",
        discussion: """
            Which library computes products and with which kernels, what the processor has, and the measured rate of a \
            product of two matrices.

            OpenBLAS chooses its kernels by the processor's model when a program starts. A version that is older than the \
            processor chooses kernels of an old processor. adadim then starts itself again with better ones; other \
            programs need the environment variable OPENBLAS_CORETYPE, whose value --coretype prints:

              export OPENBLAS_CORETYPE=$(adadim machine --coretype)
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(
        help: ArgumentHelp(
            "Print only the value for OPENBLAS_CORETYPE that this processor needs; an empty line where OpenBLAS chooses "
                + "well by itself."))
    var coretype = false

    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        if json && coretype { throw ValidationError("--json and --coretype exclude each other") }
    }

    func run() throws {
        if coretype {
            let blas = BLASLibrary.report
            let replaced = blas.replacedKernels.flatMap { _ in blas.kernels }
            return try StandardStreams.print(blas.chosenByUser ?? replaced ?? "")
        }
        // The results say what messages about the kernels would say.
        machine.setThreads()
        try reserveProductBuffers()
        let report = MachineReport.current
        try json ? StandardStreams.print(json: report) : StandardStreams.print(text(report))
    }

    private func text(_ report: MachineReport) -> String {
        var lines = [
            ("processor", report.instructions),
            ("products by", report.library ?? "an unknown library"),
            ("kernels", report.kernels ?? "unknown: not those of the OpenBLAS that adadim is linked with"),
            ("threads", "\(report.threads)"),
            ("sgemm", "\(significant(report.productRate / 1e9)) GFLOP/s"),
        ]
        if let memory = MachineMemory.bytes { lines.append(("memory", "\(significant(Double(memory) / 1e9)) GB")) }
        let width = lines.map(\.0.count).max() ?? 0
        let table = lines.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value
        }
        return (table + [KernelMessage(BLASLibrary.report)?.text ?? ""].filter { !$0.isEmpty }).joined(separator: "\n")
    }
}
