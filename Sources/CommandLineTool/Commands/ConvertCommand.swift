import AdaDimFormats
import AdaDimPipeline
import ArgumentParser
import Foundation

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a packed model in another format, from its codes.",
        usage: "adadim convert <packed> <output> --format <format> [<options>]",
        discussion: """
            Reads a directory that 'adadim quantize' wrote in a packed format and writes <output> with the same codes, \
            scales and zero points. No number changes: a layer that the format cannot hold as it is ends the conversion \
            with its name, unless --allow-dense writes it as plain numbers. These have the model's type; layers whose \
            values are rounded to it are named. Other tensors and files are carried over; \
            quantization-report.json, its page and the recipe say what the new files are. <output> appears when it is \
            complete, or not at all.

            Example:
              adadim convert <packed> <output> --format mlx
            """)

    @Argument(help: "The packed model: a directory.", completion: .directory)
    var packed: String

    @Argument(help: "The directory to write; must not exist yet, but see --overwrite.", completion: .directory)
    var output: String

    @OptionGroup(title: "Output") var writing: ConversionArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(packed, "<packed>", expected: "a model directory")
        try refuseEmpty(output, "<output>", expected: "a directory to write")
    }

    func run() throws {
        let terminal = machine.begin()
        var job = ConversionJob(model: URL(argument: packed), output: URL(argument: output), format: writing.format)
        job.allowsDense = writing.allowDense
        job.overwrite = writing.overwrite
        let conversion = try interruptible(on: terminal) { try ConvertCheckpoint(job, observer: $0).run() }
        try StandardStreams.print(
            ConversionText(conversion: conversion).text + "\nWritten to \(output)", afterWriting: output)
    }
}
