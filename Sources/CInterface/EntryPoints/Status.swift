import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization

/// What an entry point refuses before the engine is asked.
enum CallError: Error, CustomStringConvertible {
    case null(_ name: StaticString, expected: StaticString)
    case outOfRange(_ name: StaticString, found: Int64, expected: StaticString)
    case bufferTooSmall(capacity: Int64, needed: Int)
    /// A weight beyond the numbers of the type that it is to be written in.
    case beyondType(StoredFloat)
    case noThreadLocalStorage

    var status: adadim_status {
        switch self {
        case .null, .outOfRange: .invalidArgument
        case .bufferTooSmall: .bufferTooSmall
        case .beyondType: .overflow
        case .noThreadLocalStorage: .outOfMemory
        }
    }

    var description: String {
        switch self {
        case .null(let name, let expected): "\(name) is NULL, expected \(expected)"
        case .outOfRange(let name, let found, let expected): "\(name) is \(found), expected \(expected)"
        case .bufferTooSmall(let capacity, let needed):
            "the buffer has room for \(capacity) numbers, expected \(needed)"
        case .beyondType(let type): "a weight of the layer is too large for \(type.rawValue)"
        case .noThreadLocalStorage: "the process has no key for thread-local storage left"
        }
    }
}

extension adadim_status {
    static var ok: Self { Self(ADADIM_OK) }
    static var invalidArgument: Self { Self(ADADIM_INVALID_ARGUMENT) }
    static var wrongSize: Self { Self(ADADIM_WRONG_SIZE) }
    static var bufferTooSmall: Self { Self(ADADIM_BUFFER_TOO_SMALL) }
    static var notFinite: Self { Self(ADADIM_NOT_FINITE) }
    static var notPositiveDefinite: Self { Self(ADADIM_NOT_POSITIVE_DEFINITE) }
    static var allInputsInactive: Self { Self(ADADIM_ALL_INPUTS_INACTIVE) }
    static var overflow: Self { Self(ADADIM_OVERFLOW) }
    static var outOfMemory: Self { Self(ADADIM_OUT_OF_MEMORY) }
    static var cancelled: Self { Self(ADADIM_CANCELLED) }
}

/// Runs the body of an entry point; what it throws becomes the status and the thread's last error.
func call(_ body: () throws -> Void) -> adadim_status {
    do {
        guard BLASLibrary.isUsable else { throw CallError.noThreadLocalStorage }
        try body()
        LastError.clear()
        return .ok
    } catch {
        LastError.set("\(error)")
        return switch error {
        case let error as CallError: error.status
        case let error as GramError: error.status
        case let error as QuantizationError: error.status
        // No other error is thrown below.
        default: .invalidArgument
        }
    }
}

extension GramError {
    fileprivate var status: adadim_status {
        switch self {
        case .wrongHeight, .notSquare, .wrongOrder, .wrongByteCount: .wrongSize
        case .nonFiniteActivation, .nonFinite: .notFinite
        case .negativeDiagonal, .negativeTokens, .tooManyTokens: .invalidArgument
        case .outOfMemory: .outOfMemory
        }
    }
}

extension QuantizationError {
    fileprivate var status: adadim_status {
        switch self {
        case .settingOutOfRange, .emptyWeight, .activationOrderMismatch, .dampingMismatch: .invalidArgument
        case .shapeMismatch, .rowsNotWholeGroups, .panelMismatch, .replacementMismatch, .wrongByteCount,
            .tooLargeToCount:
            .wrongSize
        case .targetNotFinite, .nonFiniteWeight: .notFinite
        case .notPositiveDefinite: .notPositiveDefinite
        case .allInputsInactive: .allInputsInactive
        case .scaleOverflow, .gramOverflow, .lossNotFinite: .overflow
        case .factorizationOutOfMemory, .outOfMemory, .notEnoughMemory: .outOfMemory
        case .cancelled: .cancelled
        }
    }
}
