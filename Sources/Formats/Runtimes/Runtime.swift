/// A program that serves quantized models, and what it demands of one. A new one is a file here, and a line in
/// `Runtime+Registry.swift`.
package struct Runtime: Sendable {
    /// As `--for` names it.
    package let name: String
    /// As messages name it.
    package let title: String
    /// What it opens.
    package let format: ExportFormat
    /// What it demands of packed layers; those that stay as they are it takes, too, alike where ``SchemeLimits/agreement`` says
    /// so.
    package let limits: SchemeLimits
    /// The group sizes to choose from where the user leaves it open, the one to prefer first.
    package let groupSizes: [Int]
    /// The command that starts it with a model's directory, which is quoted for a shell where needed.
    package let command: @Sendable (_ directory: String) -> String
    /// Why the command is as it is.
    package let remark: String

    package init(
        name: String, title: String, format: ExportFormat, limits: SchemeLimits, groupSizes: [Int],
        command: @escaping @Sendable (_ directory: String) -> String, remark: String
    ) {
        self.name = name
        self.title = title
        self.format = format
        self.limits = limits
        self.groupSizes = groupSizes
        self.command = command
        self.remark = remark
    }
}
