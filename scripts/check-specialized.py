#!/usr/bin/env python3
"""Fails if a generic loop of the tool's modules runs without machine code for its type.

    scripts/check-specialized.py .build/release/adadim

A generic function that another module calls does its arithmetic through witness tables, a call for every addition, unless
`@_specialize` gives it a body for Float and one for Double. Which functions those are is read from the program itself:

- a function does arithmetic if it, a closure in it, or a generic function that it calls, calls a requirement of the numeric
  protocols, or the conversion between any two floating-point types;
- it has bodies of its own if it compares its type with Float and with Double, as `@_specialize` makes it begin;
- only what other modules can call counts, the symbols that the linker sees. Inside a module the compiler specializes by itself.

Needs `objdump` and `nm` (binutils) and `swift`.
"""

import collections
import re
import subprocess
import sys

# In a symbol, a module of this package.
MODULE = re.compile(r"\d\dAdaDim[A-Z]")
# Requirements of AdditiveArithmetic, Numeric, SignedNumeric, FloatingPoint and BinaryFloatingPoint, called through a witness table, and
# BinaryFloatingPoint.init(_: some BinaryFloatingPoint).
ARITHMETIC = re.compile(r"\$s(s18AdditiveArithmeticP|Sj|s13SignedNumericP|SF|SB)\w*Tj$|\$sSBsEyxqd__cSBRd__lufC$")
FUNCTION = re.compile(r"^[0-9a-f]+ <(\S+)>:$")
CALL = re.compile(r"\b(?:call|jmp)\s+[0-9a-f]+ <([^>+]+?)(?:@plt)?>")
# The metadata of Float and of Double.
TYPE = re.compile(r"# [0-9a-f]+ <\$s(Sf|Sd)N(?:@\S+)?>")


def output(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, errors="replace").stdout


def functions(binary):
    """Which symbols each function calls, and the numbers' types that it looks at."""
    calls, types, current = {}, collections.defaultdict(set), None
    disassembly = subprocess.Popen(
        ["objdump", "-d", "--no-show-raw-insn", binary], stdout=subprocess.PIPE, text=True, errors="replace")
    for line in disassembly.stdout:
        if found := FUNCTION.match(line):
            current = found[1]
            calls[current] = set()
        elif current and (found := CALL.search(line)):
            calls[current].add(found[1])
        elif current and (found := TYPE.search(line)):
            types[current].add(found[1])
    if disassembly.wait() != 0:
        sys.exit(f"objdump cannot read {binary}")
    return calls, types


def demangled(symbols):
    lines = output("swift", "demangle", "--simplified", text="\n".join(symbols) + "\n").splitlines()
    return dict(zip(symbols, lines))


def is_ours(symbol):
    return symbol.startswith("$s") and MODULE.search(symbol.split("Tg5")[0]) is not None


def is_generic(symbol):
    """Not a specialization, also one that has lost arguments ("t"), nor a closure of one."""
    return not re.search(r"_T(?:t\d)?[gGs]\d", symbol)


def main(binary):
    calls, types = functions(binary)
    symbols = sorted(symbol for symbol in calls if is_ours(symbol) and is_generic(symbol))
    linked = {
        line.split()[-1] for line in output("nm", "--defined-only", binary).splitlines() if line.split()[-2] == "T"}
    specialized = {symbol for symbol in symbols if types[symbol] == {"Sf", "Sd"}}

    # A closure's symbol begins with that of the function around it.
    outer = {}
    stack = []
    for symbol in symbols:
        while stack and not symbol.startswith(stack[-1]):
            stack.pop()
        outer[symbol] = stack[0] if stack else symbol
        stack.append(symbol)

    calculates = {outer[symbol] for symbol in symbols if any(ARITHMETIC.match(callee) for callee in calls[symbol])}
    callers = collections.defaultdict(set)
    for symbol in symbols:
        for callee in calls[symbol]:
            if callee in outer:
                callers[outer[callee]].add(outer[symbol])
    calculates -= specialized
    waiting = list(calculates)
    while waiting:
        for caller in callers[waiting.pop()] - calculates - specialized:
            calculates.add(caller)
            waiting.append(caller)

    slow = sorted(calculates & linked)
    if not specialized:
        sys.exit(f"{binary} has no specialized function of this package: is it a release build with symbols?")
    for symbol, name in demangled(slow).items():
        print(f"{name}: generic arithmetic without @_specialize for Float and Double")
    print(f"{len(specialized)} functions with bodies for Float, {len(slow)} without that do arithmetic")
    return 1 if slow else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
