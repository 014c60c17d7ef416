# AdaDim. `make` alone lists the rules; every rule runs from a fresh clone on Debian with a Swift toolchain installed.
#
# A rule's recipe installs what it needs first (scripts/setup.sh: Debian packages, nothing else), so the two that a
# newcomer types, `make demo` and `make test`, do all the set-up there is. No rule gates on time.

SHELL := /bin/bash
.DEFAULT_GOAL := help
SWIFT_BUILD := swift build -c release --explicit-target-dependency-import-check error
TOOL := .build/release/adadim
MODEL := Models/jargon-6m
PYTHON := .venv/bin/python

.PHONY: help
help: ## list the rules
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## check for Swift 6.1 or later and install the Debian packages that are missing
	@scripts/setup.sh

.PHONY: build
build: setup ## build the release tool
	$(SWIFT_BUILD) --product adadim

.PHONY: demo
demo: build ## quantize the bundled model to 3 bits in every variant and show what is lost
	$(TOOL) variants $(MODEL) --calibration $(MODEL)/texts/calibration.txt --text $(MODEL)/texts/held-out.txt \
	  --bits 3 --group-size 64 --samples 64 --sequence-length 256 --evaluation-length 256

.PHONY: test
test: setup ## build and run all tests, one by one: some set the process-wide thread count
	$(SWIFT_BUILD) --build-tests
	swift test -c release --skip-build --no-parallel
	$(MAKE) --no-print-directory test-library

# Hidden but for adadim_*, with the Swift runtime inside: it runs where there is no toolchain.
.PHONY: library
library: setup ## build libadadim.so.0, the engine for other languages, in .build-library/lib
	swift build -c release --product AdaDimC --scratch-path .build-library -Xswiftc -static-stdlib \
	  -Xlinker --version-script=$(CURDIR)/Sources/CInterface/exports.map -Xlinker -soname=libadadim.so.0 \
	  -Xlinker -z -Xlinker defs
	mkdir -p .build-library/lib
	cp .build-library/release/libAdaDimC.so .build-library/lib/libadadim.so.0

.PHONY: test-library
test-library: library ## call the library from C: an example, and [CALLS=N] calls with whatever may come
	scripts/library-tests.sh $(CALLS)

.PHONY: test-python
test-python: library ## install the Python package from here and test it: values, types, errors
	scripts/python-tests.sh

.PHONY: format
format: ## format all Swift files
	swift format -i -r Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

.PHONY: check-format
check-format: ## fail if a Swift file is not formatted
	swift format lint -s -r Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

.PHONY: check-imports
check-imports: ## fail if C is imported outside LinearAlgebra, or the engine and the model side know each other
	@scripts/check-imports.sh

.PHONY: docs
docs: setup ## write the site of what `import AdaDim` gives, in .build-docs/site
	@scripts/docs.sh

.PHONY: check-docs
check-docs: docs ## fail if a public symbol is not explained, a link leads nowhere, or an article's code does not run
	@scripts/check-docs.sh

.PHONY: venv
venv: ## a Python environment for goldens, peers and judges
	@scripts/venv.sh

# The benchmarks are a package of their own. It is cleaned first: SwiftPM does not see every change of the package it depends on.
BENCHMARKS := swift package --package-path Benchmarks clean && swift build -c release --package-path Benchmarks

.PHONY: bench
bench: build ## time the engine beside sgemm and the usual GPTQ: [JSON=FILE] [ONLY=REGEX] [THREADS=N]; fifty minutes
	$(BENCHMARKS) --product Benchmark
	Benchmarks/.build/release/Benchmark $(if $(THREADS),--threads '$(THREADS)') $(if $(value ONLY),--only '$(value ONLY)') \
	  $(if $(JSON),--json '$(JSON)')

.PHONY: bench-giant
bench-giant: setup ## quantize one layer of 16384 × 53248 in less than 22 GB: [JSON=FILE] [GIANT='--in 8192 …']; half an hour
	$(BENCHMARKS) --product GiantLayer
	Benchmarks/.build/release/GiantLayer $(GIANT) $(if $(JSON),--json '$(JSON)')

.PHONY: verify
verify: test venv ## long runs: sanitizers, the command line on a real model judged by transformers
	$(SWIFT_BUILD) --product adadim
	scripts/verify.sh
