import ArgumentParser

struct RegressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regress",
        abstract: "Check that the numbers still hold after a change of BLAS, compiler or processor.",
        discussion: """
            Quantizes a bundled suite of layers: Gram matrices of condition 1 to 1e12 and of deficient rank, outliers, \
            dead columns, constant and zero weights, tail groups, every bit width, both directions, from 1x1 to \
            4096x4096, in single and in double precision, on one thread and on all; and layers of your own.

            Every run is judged without a baseline: losses are recomputed in double precision from the codes, factors \
            are multiplied out, every code and every scale is compared with its weights, and input that cannot be \
            quantized must be refused. 'record' keeps the numbers; 'check' also compares with them: to the last bit \
            where the environment is the same, by stated bounds where it differs.

            Example:
              adadim regress record baseline
              adadim regress check baseline --junit report.xml
            """,
        subcommands: [RegressRecordCommand.self, RegressCheckCommand.self])
}
