import ArgumentParser

struct RegressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regress",
        abstract: "Check that the numbers still hold after a change of BLAS, compiler or processor.",
        discussion: """
            Quantizes a bundled suite of layers: Gram matrices of condition 1 to 1e12 and of deficient rank, outliers, \
            inactive inputs, constant and zero weights, tail groups, every bit width, both directions, from 1x1 to \
            4096x4096, in single and in double precision, on one thread and on all; and layers of your own.

            Every run is judged by itself: losses are recomputed in double precision from the codes, factors are multiplied \
            out, every code and every scale is compared with the weights it was made from, and what cannot be quantized must \
            be refused. 'record' keeps the numbers; 'check' compares with them as well: to the last bit where nothing in \
            the environment differs, by stated bounds where it does.

            Example:
              adadim regress record baseline
              adadim regress check baseline --junit report.xml
            """,
        subcommands: [RegressRecordCommand.self, RegressCheckCommand.self])
}
