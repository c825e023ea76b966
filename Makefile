# The one door. `make` lists the targets. All paths are relative: the tree may stand in a directory with a space in its name.
.DEFAULT_GOAL := help
.PHONY: help setup build release weir demo test integration crash generated parity bench lint format tidy asan tsan fuzz docs clean
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 30
# Configured each time: it takes half a second, and the cache of libraries may have moved (another user, another WEIR_DEPS).
configure = mkdir -p build && { cmake --preset $(1) >build/$(1).log || { tail -n 30 build/$(1).log; exit 1; }; }
compile = cmake --build --preset $(1) -j $(JOBS) && $(give_back)
# After `sudo make`, what was built belongs to who owns the tree, so that a later `make` without sudo works.
give_back = tools/give_back.sh

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup:  ## install what is missing to build, test and lint (Debian 12)
	@tools/setup.sh build test lint

build:  ## debug build, in build/debug
	@tools/setup.sh build test
	@$(call configure,debug)
	@$(call compile,debug)

release:  ## release build, in build/release
	@tools/setup.sh build
	@$(call configure,release)
	@$(call compile,release)

weir:  ## the release executable alone, build/release/weir
	@tools/setup.sh build
	@$(call configure,release)
	@cmake --build --preset release -j $(JOBS) --target weir && $(give_back)

demo: weir  ## payments through Weir, from an embedded Kafka to Delta tables
	@build/release/weir demo; status=$$?; $(give_back); exit $$status

test: build  ## all tests: unit, scenarios, lint, a real Kafka, kills
	@tools/test.sh debug tests/integration tests/crash; status=$$?; $(give_back); exit $$status

integration: build  ## the tests against a real Kafka only
	@python="$$(tools/venv.sh)" && WEIR_BIN=build/debug/weir "$$python" -m pytest -q tests/integration

crash: build  ## the kill tests, all of them
	@python="$$(tools/venv.sh)" && WEIR_BIN=build/debug/weir WEIR_CRASH_ALL=1 "$$python" -m pytest -q tests/crash

generated: build  ## 10,000 random pipelines against SQL over the whole input
	@WEIR_CASES=5000 ctest --preset debug -L generated -j2 </dev/null

parity:  ## the scenarios on Apache Spark, row by row (needs Java)
	@tools/setup.sh test
	@python="$$(tools/venv.sh)" && "$$python" -m pytest -q spark/tests && "$$python" -m pytest -q -c tests/pytest.ini tests/parity && "$$python" tests/parity/run.py --at-least 60; status=$$?; $(give_back); exit $$status

bench: release  ## events per second beside the raw drain of the same topic
	@bench/run.sh

lint:  ## layers, headers, format, names
	@tools/setup.sh build test lint
	@$(call configure,debug)
	@$(call compile,debug)
	@python3 tests/lint/lint.py --build build/debug
	@if [ -x build/release/weir ]; then python3 tests/lint/lint.py --build build/release binary; fi

format:  ## clang-format over all C++
	@tools/setup.sh lint
	@git ls-files '*.cc' '*.h' | tr '\n' '\0' | xargs -0 -r clang-format-19 -i

tidy:  ## clang-tidy over src/
	@tools/setup.sh build lint
	@$(call configure,tidy)
	@cmake --build --preset tidy -j $(JOBS) -- -k 0

asan:  ## unit tests and scenarios under the address and undefined behaviour sanitizers
	@tools/setup.sh build test
	@$(call configure,asan)
	@$(call compile,asan)
	@tools/test.sh asan

tsan:  ## the same under the thread sanitizer
	@tools/setup.sh build test
	@$(call configure,tsan)
	@$(call compile,tsan)
	@tools/test.sh tsan

fuzz:  ## each fuzz target for FUZZ_SECONDS (30)
	@tools/setup.sh build lint
	@$(call configure,fuzz)
	@$(call compile,fuzz)
	@fuzz/run.sh $(FUZZ_SECONDS)

docs: weir  ## write the generated pages anew
	@tools/docs.sh

clean:  ## remove what was built (not the shared cache)
	@rm -rf build .cache
