import AdaDimFiles
import Glibc

/// The line in a lock's file that names, for people, the run that has it.
enum LockHolder {
    /// Of this run.
    private static var line: String {
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        var (now, parts) = (time(nil), tm())
        gmtime_r(&now, &parts)
        var date = [CChar](repeating: 0, count: 64)
        strftime(&date, date.count, "%Y-%m-%d %H:%M:%S UTC", &parts)
        return "process \(getpid()) on \(text(host)), since \(text(date))"
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether a run of this tool wrote a line.
    static func isLine(_ line: String) -> Bool {
        line.wholeMatch(of: /process [0-9]+ on .*, since [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC/)
            != nil
    }

    /// What cannot be written is not said; the lock holds all the same.
    static func write(to descriptor: Int32) {
        guard ftruncate(descriptor, 0) == 0 else { return }
        var line = line + "\n"
        line.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// The first line of a lock's file, if it is one that a person can read.
    /// - Returns: nil, too, where there is no whole line yet.
    static func read(_ descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 400)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0, let end = bytes.prefix(count).firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = bytes[..<end]
        return line.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) ? String(decoding: line, as: UTF8.self) : nil
    }

    /// The same of a lock that is held: a run that has only just taken it gets a moment to write the line.
    static func readSoon(_ descriptor: Int32) -> String? {
        for _ in 0..<10 {
            if let line = read(descriptor) { return line }
            usleep(10_000)
        }
        return nil
    }
}
