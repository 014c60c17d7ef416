import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimReports
import ArgumentParser
import Glibc

@main
struct AdaDimTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adadim",
        abstract: "Quantize the weights of large language models to 2, 3, 4 or 8 bits, on CPUs.",
        discussion: """
            For every linear layer adadim decides whether quantization groups run inside an output channel (per-OC, the \
            usual way) or inside an input channel (per-IC, which keeps the damage of activation outliers in one place), \
            by the error measured on calibration text.

            A first run:
              adadim quantize <model> <output> --calibration text.txt \\
                --bits 3 --group-size 64
              adadim evaluate <output> --text other.txt
            """,
        version: toolVersion,
        subcommands: [
            QuantizeCommand.self, ConvertCommand.self, VerifyCommand.self, InspectCommand.self, LayerCommand.self,
            EvaluateCommand.self, CompareCommand.self, VariantsCommand.self, RegressCommand.self, MachineCommand.self,
        ])

    /// As the argument parser's own, but a stream that takes nothing neither traps nor passes for success.
    static func main() {
        BLASLibrary.startAgainWithBestKernels()
        StandardStreams.prepare()
        do {
            var command = try parseAsRoot(ProgramArguments.strings)
            try command.run()
        } catch {
            let (text, status) = (fullMessage(for: error), exitCode(for: error))
            guard status.isSuccess else {
                if !text.isEmpty { StandardStreams.say(text + "\n") }
                // Not exit, by which OpenBLAS waits for its threads: without address space one may wait for ever itself.
                _exit(status.rawValue)
            }
            // Help, the version, a completion script.
            do {
                try StandardStreams.print(text)
            } catch {
                StandardStreams.say("Error: \(error)\n")
                Glibc.exit(ExitCode.failure.rawValue)
            }
        }
    }
}
