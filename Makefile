# AdaDim. `make` alone lists the rules; every rule runs from a fresh clone on Debian with a Swift toolchain installed.
#
# A rule's recipe installs what it needs first (scripts/setup.sh: Debian packages; Python's packages stay in the checkout), so
# the two that a newcomer types, `make demo` and `make test`, do all the set-up there is. No rule gates on time.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
SWIFT_BUILD := swift build -c release --explicit-target-dependency-import-check error
TOOL := .build/release/adadim
MODEL := Models/jargon-6m
# Of the manual page.
MANUAL_DATE := 2026-11-25
PYTHON := .venv/bin/python

# Programs that cannot start themselves again, tests and examples, get the kernels that the processor needs.
KERNELS = export OPENBLAS_CORETYPE="$$($(TOOL) machine --coretype)"

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
demo: build ## quantize the bundled model to 2 bits in every variant and show what is lost
	$(TOOL) variants $(MODEL) --calibration $(MODEL)/texts/calibration.txt --text $(MODEL)/texts/held-out.txt \
	  --bits 2 --group-size 64 --samples 64 --sequence-length 256 --evaluation-length 256

.PHONY: test
test: setup ## build and run all tests, one by one: some set the process-wide thread count
	$(SWIFT_BUILD) --build-tests
	$(KERNELS) && swift test -c release --skip-build --no-parallel
	$(MAKE) --no-print-directory test-library test-python

# What is installed has the Swift runtime inside: it runs where there is no toolchain. Its threads outlive dlclose, so it stays.
HEADER := Sources/CInterface/Header/include/adadim.h
MANUAL := Documentation/adadim.1
STATIC_BUILD := swift build -c release --scratch-path .build-library -Xswiftc -static-stdlib -Xlinker -s

.PHONY: library
library: setup ## build libadadim.so.0, the engine for other languages, in .build-library/lib
	$(STATIC_BUILD) --product AdaDimC -Xlinker --version-script=$(CURDIR)/Sources/CInterface/exports.map \
	  -Xlinker -soname=libadadim.so.0 -Xlinker -z -Xlinker defs -Xlinker -z -Xlinker nodelete
	mkdir -p .build-library/lib
	cp .build-library/release/libAdaDimC.so .build-library/lib/libadadim.so.0

PREFIX := /usr/local
INTO = $(DESTDIR)$(abspath $(PREFIX))
VERSION = $(shell sed -n 's/^.define ADADIM_VERSION "\(.*\)"/\1/p' $(HEADER))
INSTALLED = bin/adadim lib/libadadim.so lib/libadadim.so.0 lib/libadadim.so.$(VERSION) lib/pkgconfig/adadim.pc \
  include/adadim.h share/man/man1/adadim.1

.PHONY: install
install: library ## put tool, library, header and manual page under [PREFIX=/usr/local]
	$(STATIC_BUILD) --product adadim
	install -d $(addprefix '$(INTO)'/,bin lib/pkgconfig include share/man/man1)
	install -m 755 .build-library/release/adadim '$(INTO)/bin/adadim'
	install -m 644 .build-library/lib/libadadim.so.0 '$(INTO)/lib/libadadim.so.$(VERSION)'
	ln -sf libadadim.so.$(VERSION) '$(INTO)/lib/libadadim.so.0'
	ln -sf libadadim.so.0 '$(INTO)/lib/libadadim.so'
	install -m 644 $(HEADER) '$(INTO)/include/adadim.h'
	sed 's|@PREFIX@|$(abspath $(PREFIX))|; s|@VERSION@|$(VERSION)|' Sources/CInterface/adadim.pc.in \
	  >'$(INTO)/lib/pkgconfig/adadim.pc'
	install -m 644 $(MANUAL) '$(INTO)/share/man/man1/adadim.1'
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" -eq 0 ]; then ldconfig; fi

.PHONY: uninstall
uninstall: ## take out what `make install` put under [PREFIX=/usr/local]
	rm -f $(addprefix '$(INTO)'/,$(INSTALLED))

# The manual page is what the help says; a new option needs `make manual`.
PRINT_MANUAL = .build/release/generate-manual $(TOOL) --date $(MANUAL_DATE) --output-directory - | sed '$$!s/^$$/.Pp/; $${/^$$/d}'

.PHONY: manual
manual: build ## write the manual page anew from the tool's help
	$(SWIFT_BUILD) --product generate-manual
	$(PRINT_MANUAL) >$(MANUAL)

.PHONY: check-manual
check-manual: build ## fail if the manual page is not what the tool's help says
	$(SWIFT_BUILD) --product generate-manual
	$(PRINT_MANUAL) | diff $(MANUAL) - || { echo '$(MANUAL) is not what the help says: make manual' >&2; exit 1; }

.PHONY: test-library
test-library: library build ## call the library from C: an example, eight threads, no memory, [CALLS=N] hostile calls
	$(KERNELS) && scripts/library-tests.sh $(CALLS)

.PHONY: test-python
test-python: library ## install the Python package from here and test it: values, types, errors
	scripts/python-tests.sh

.PHONY: test-report
test-report: setup ## open sample reports in Chromium: mouse, keyboard, both colour schemes; screenshots in verify-output/report
	scripts/report-tests.sh

SWIFT_FILES = Package.swift Sources Snippets Tests \
	$(foreach package,Benchmarks Examples/Swift,$(package)/Package.swift $(package)/Sources)

.PHONY: format
format: ## format all Swift files
	swift format -i -r $(SWIFT_FILES)

.PHONY: check-format
check-format: ## fail if a Swift file is not formatted
	swift format lint -s -r $(SWIFT_FILES)

.PHONY: check-imports
check-imports: ## fail if C is imported outside LinearAlgebra (libpng: HTMLReport), or the engine and the model side import each other
	@scripts/check-imports.sh

.PHONY: check-specialized
check-specialized: build ## fail if generic arithmetic of the engine has no machine code for its type
	@if [ "$$(uname -m)" = x86_64 ]; then scripts/check-specialized.py $(TOOL); fi

.PHONY: docs
docs: setup ## write the site of what `import AdaDim` gives, in .build-docs/site
	@scripts/docs.sh

.PHONY: check-docs
check-docs: docs build ## fail if a public symbol is not explained, a link leads nowhere, or an article's code does not run
	@$(KERNELS) && scripts/check-docs.sh

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
bench-giant: setup ## quantize one layer of 16384 × 53248 in less than 15 GB: [JSON=FILE] [GIANT='--in 8192 …']; half an hour
	$(BENCHMARKS) --product GiantLayer
	Benchmarks/.build/release/GiantLayer $(GIANT) $(if $(JSON),--json '$(JSON)')

.PHONY: bench-library
bench-library: library ## time the C library beside the Swift engine; two minutes
	$(BENCHMARKS) --product LibraryOverhead
	Benchmarks/.build/release/LibraryOverhead

# Runs again what is missing: results are kept in verify-output/study until the tool, a model, a text or an option changes.
.PHONY: study
study: build venv ## the AdaDim paper's study on two models, into Documentation/Study.md; an hour or two, then only what is missing
	PYTHONPATH=Benchmarks $(PYTHON) -m study

# Resumes likewise, from verify-output/accuracy. The list of variants: Benchmarks/accuracy/settings.py.
.PHONY: accuracy
accuracy: build venv ## what each part of the method gains, into Documentation/Accuracy.md: [ONLY=REGEX]; hours, then what is missing
	PYTHONPATH=Benchmarks $(PYTHON) -m accuracy $(if $(value ONLY),--only '$(value ONLY)')

# Each peer gets a Python environment of its own; results are kept in verify-output/peers.
.PHONY: peers
peers: build venv ## quantize a small model with other quantizers too, on CPU: [ONLY='adadim,GPTQModel'] [THREADS=N]; hours, then what is missing
	PYTHONPATH=Benchmarks $(PYTHON) -m peers $(if $(ONLY),--only '$(ONLY)') $(if $(THREADS),--threads '$(THREADS)')

# Ideas measured before they were built, including those that were dropped: figures in Documentation/measured/tried.json.
.PHONY: tried
tried: venv ## ideas in PyTorch, also those that were left out; an hour or two, then only what is missing
	PYTHONPATH=Benchmarks $(PYTHON) -m tried

# Needs other packages than `verify`, gigabytes of them.
.PHONY: verify-formats
verify-formats: build ## open every format in transformers, vLLM, mlx-lm and llama.cpp: [RUNTIMES='mlx llama'] [MODELS=qwen3]; hours
	RUNTIMES='$(RUNTIMES)' MODELS='$(MODELS)' scripts/formats-tests.sh $(TOOL)

.PHONY: verify
verify: test venv ## long runs: sanitizers, random cases against other programs, limits of the system, a real model judged by transformers
	$(SWIFT_BUILD) --product adadim
	$(SWIFT_BUILD) --product print-token-ids
	$(SWIFT_BUILD) --product print-logits
	scripts/verify.sh
