import AdaDimPipeline
import ArgumentParser
import Foundation

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read a model's files a second way, and compare every number.",
        usage: "adadim verify <model> [--against <other>] [<options>]",
        discussion: """
            Reads the weights of <model>, in any format that 'adadim quantize' writes, by a second reader, which \
            shares no code with the first one or with the writer; then compares every number with what the first one \
            gives, and with those of <other>, which may be in another format. Where two types differ, both numbers are \
            rounded to the one with fewer bits. NaN and infinity are compared too, and named.

            The exit status is 0 if all numbers are the same, and 1 if any differs or is missing.

            Example:
              adadim verify <packed> --against <dequantized>
            """)

    @Argument(help: "The model: a directory.", completion: .directory)
    var model: String

    @Option(
        help: ArgumentHelp("Another model with the same numbers: a directory.", valueName: "other"),
        completion: .directory)
    var against: String?

    @OptionGroup(title: "Output") var printing: VerificationOutputArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(model, "<model>", expected: "a model directory")
        if let against { try refuseEmpty(against, "--against", expected: "a model directory") }
    }

    func run() throws {
        let terminal = machine.begin()
        let result = try interruptible(on: terminal) { observer in
            try VerifyCheckpoint(
                URL(argument: model), against: against.map { URL(argument: $0) }, observer: observer
            ).run()
        }
        if printing.json {
            try StandardStreams.print(json: result)
        } else {
            try StandardStreams.print(VerificationText(result: result).text)
        }
        if !result.isEqual { throw ExitCode.failure }
    }
}
