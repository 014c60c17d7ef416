import AdaDimJSON
import AdaDimQuantization
import Foundation

/// A setting by the name that files have for it.
package struct SettingChange: Sendable, Equatable {
    package let name: String
    package let value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
        self.name = name
        self.value = value
    }

    package init(_ name: String, _ value: String) { self.init(name, .string(ByteString(value))) }
}

/// Some settings by name: changes of a value that is written as one flat object.
package struct SettingChanges: Sendable, Equatable {
    package var changes: [SettingChange]

    package init(_ changes: [SettingChange] = []) { self.changes = changes }

    /// The value that counts.
    package subscript(name: String) -> JSONValue? { changes.last { $0.name == name }?.value }

    /// The settings with these changes.
    /// - Parameters:
    ///   - place: where they come from, as messages name it.
    ///   - names: the names that the place has, by those of the settings.
    /// - Throws: ``RecipeError/unknownSetting(place:name:names:)``, ``RecipeError/badValue(place:name:found:expected:)``.
    package func applied<Settings: Codable>(
        to settings: Settings, place: String, names: ([String]) -> [String] = { $0 }
    ) throws(RecipeError) -> Settings {
        if changes.isEmpty { return settings }
        do {
            return try changed(settings, changes, place: place, names)
        } catch let error as RecipeError {
            throw error
        } catch let error as DecodingError {
            throw RecipeError(error, self, place: place, culprit: culprit(in: settings, place: place))
        } catch {
            throw .unreadable(place: place, reason: "\(error)")
        }
    }

    private func changed<Settings: Codable>(
        _ settings: Settings, _ changes: [SettingChange], place: String, _ names: ([String]) -> [String] = { $0 }
    ) throws -> Settings {
        let whole = try JSONDocument([UInt8](JSONEncoder().encode(settings))).value.members ?? [:]
        var members = whole
        for follower in try followers(in: whole) { members[follower.key] = follower.value }
        let names = names(Array(whole.keys)).sorted()
        for change in changes {
            guard names.contains(change.name) else {
                throw RecipeError.unknownSetting(place: place, name: change.name, names: names)
            }
            // Foundation's JSON has no such numbers.
            if case .real(let number) = change.value, !number.isFinite {
                throw RecipeError.badValue(
                    place: place, name: change.name, found: change.value.shown, expected: "a finite number")
            }
            members[change.name] = change.name == "groupSize" ? change.value.asGroupSize : change.value
        }
        return try JSONDecoder().decode(Settings.self, from: JSONEncoder().encode(members))
    }

    /// What follows from a change of the type of grids: such settings as the new type has them, unless they are changed, too.
    private func followers(in settings: [String: JSONValue]) throws -> [String: JSONValue] {
        let name = QuantizationOptions.Grid.typeName
        guard let type = self[name], let present = settings[name], type != present,
            let grid = type.text.flatMap(QuantizationOptions.Grid.init(typeNamed:))
        else { return [:] }
        let typed = try JSONDocument([UInt8](JSONEncoder().encode(grid))).value.members ?? [:]
        return typed.filter { QuantizationOptions.Grid.namesThatFollowType.contains($0.key) }
    }

    /// The first change that cannot be made even alone. Foundation's error does not name a number that does not fit.
    private func culprit(in settings: some Codable, place: String) -> SettingChange? {
        changes.first { (try? changed(settings, [$0], place: place)) == nil }
    }
}

extension JSONValue {
    /// A whole channel has its name beside null, as the command line has it.
    fileprivate var asGroupSize: JSONValue { text == "channel" ? .null : self }
}

extension SettingChanges: Codable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for change in changes { try container.encode(change.value, forKey: Name(stringValue: change.name)) }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        changes = try container.allKeys.sorted { $0.stringValue < $1.stringValue }.map {
            SettingChange($0.stringValue, try container.decode(JSONValue.self, forKey: $0))
        }
    }
}
