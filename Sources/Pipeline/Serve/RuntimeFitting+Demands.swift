import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension RuntimeFitting {
    /// What a runtime demands of one setting of a layer.
    struct Demand {
        /// By its name in files.
        let setting: String
        /// In words.
        let expected: String
        let found: (QuantizationOptions) -> String
        let isMet: (QuantizationOptions) -> Bool
        /// What is said of the change.
        let change: String
        /// Changes the setting to what is demanded; nil where the runtime leaves a choice.
        let fit: ((inout QuantizationOptions) -> Void)?
    }
}

extension RuntimeFitting.Demand {
    /// The demands of limits, setting by setting.
    static func all(of limits: SchemeLimits) -> [Self] {
        let bits = limits.bits.intersection(QuantizationOptions.Grid.supportedBits).sorted()
        let directions = ChannelDimension.allCases.filter(limits.directions.contains)
        func expectedSize(_ options: QuantizationOptions) -> String? {
            options.grid.groupSize.flatMap(limits.expectedGroupSize)
        }
        var demands = [
            Self(
                setting: "bits", expected: bits.map(String.init).joined(separator: " or "),
                found: { "\($0.grid.bits)" }, isMet: { limits.bits.contains($0.grid.bits) },
                change: "\(bits.last ?? 0) bits", fit: { $0.grid.bits = bits.last ?? $0.grid.bits }),
            Self(
                setting: "dimension", expected: directions.map(\.rawValue).joined(separator: " or "),
                found: { $0.direction.name }, isMet: { $0.direction.candidates.allSatisfy(limits.directions.contains) },
                change: "all groups run \(directions.first?.rawValue ?? "")",
                fit: { $0.direction.fixedDimension = directions.first }),
        ]
        if limits.zeroPoints == .middle {
            demands.append(
                Self(
                    setting: "symmetric", expected: "true", found: { "\($0.grid.isSymmetric)" },
                    isMet: \.grid.isSymmetric, change: "symmetric grids", fit: { $0.grid.isSymmetric = true }))
        }
        demands.append(
            Self(
                setting: "groupSize",
                expected: expectedSize(QuantizationOptions().with(groupSize: 1)) ?? "another",
                found: { $0.grid.groupSize.map(String.init) ?? "channel" }, isMet: { expectedSize($0) == nil },
                change: "", fit: nil))
        return demands
    }
}

extension QuantizationOptions {
    fileprivate func with(groupSize: Int) -> QuantizationOptions {
        var options = self
        options.grid.groupSize = groupSize
        return options
    }
}
