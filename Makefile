# Everything a developer runs, one word each: `make` lists them. Every target installs what it needs first (scripts/setup).
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup serve build later test test-native test-wasm test-e2e performance namespaces conformance advisories torture clean \
  lint lint-format lint-native lint-wasm lint-fuzz lint-doc lint-deps lint-scripts

# Where Debian's compiler builds the wasm (.tools/env says so), it is for the wasm only: also in a shell that has read
# .tools/env, what is native is built by the machine's own.
ifneq (,$(findstring /.tools/rust,$(RUSTUP_TOOLCHAIN)))
unexport RUSTUP_TOOLCHAIN CARGO_TARGET_DIR
endif
WASM := . .tools/env &&
WASM32 := --target wasm32-unknown-unknown

TORTURE_SCALE ?= 20
PROPTEST_RNG_SEED ?= $(shell date +%s)
MINUTES ?= 0

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the tools into .tools/ (then `. .tools/env` in a shell)
	@scripts/setup

serve: ## build the page and serve it on http://127.0.0.1:8080, again after each change
	@scripts/setup wasm >/dev/null
	$(WASM) trunk serve --release

build: ## build the page into dist/, for any static host
	@scripts/setup wasm >/dev/null
	$(WASM) trunk build --release

later: ## record anew which functions the first look at the page does not need (www/later/)
	@scripts/setup all >/dev/null
	$(WASM) node scripts/split/record.mjs

test: test-native test-wasm test-e2e ## run every test

test-native: ## run the native tests
	cargo test --locked

test-wasm: ## run the tests that need a browser's own environment, in headless Chromium
	@scripts/setup all >/dev/null
	$(WASM) wasm-pack test --headless --chrome --mode no-install -- --locked

test-e2e: build ## run the end-to-end tests against dist/ (pictures in tests/e2e/out/)
	@scripts/setup browser >/dev/null
	cargo build --locked --bin tabchain
	$(WASM) cd tests/e2e && node --test

performance: build ## measure the page in headless Chromium (MINUTES=10 also watches its memory)
	@scripts/setup browser >/dev/null
	$(WASM) cd tests/e2e && node performance.mjs --minutes $(MINUTES)

lint: lint-format lint-native lint-wasm lint-fuzz lint-doc lint-deps lint-scripts ## check format, code, documentation, licences (`make -k lint` for all faults at once)

lint-format:
	cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml

lint-native:
	cargo clippy --locked --all-targets -- -D warnings

# With the compiler that builds it.
lint-wasm:
	@scripts/setup wasm >/dev/null
	$(WASM) cargo clippy --locked --all-targets $(WASM32) -- -D warnings

# Only whether they compile: running them is for people (fuzz/README.md).
lint-fuzz:
	cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir target/fuzz -- -D warnings

lint-doc:
	@scripts/setup wasm >/dev/null
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --lib
	$(WASM) RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --lib $(WASM32)

lint-deps:
	@scripts/setup native >/dev/null
	$(WASM) cargo deny --log-level error check bans licenses sources

lint-scripts:
	@if command -v shellcheck >/dev/null; then shellcheck -x scripts/setup scripts/trunk-post-build scripts/conformance .ci/run; fi

namespaces: ## four nodes over a network that loses packets and is cut in two (needs root)
	@scripts/setup namespaces
	cargo test --locked --test processes namespaces -- --ignored

conformance: ## ask a node all that its description allows, and more (schemathesis; needs the network once)
	cargo build --locked --bin tabchain
	scripts/conformance

advisories: ## ask the advisory database about the dependencies (needs the network)
	@scripts/setup native >/dev/null
	$(WASM) cargo deny check advisories

torture: export TORTURE_SCALE := $(TORTURE_SCALE)
torture: export PROPTEST_RNG_SEED := $(PROPTEST_RNG_SEED)
torture: ## run the long random tests at full length (TORTURE_SCALE=20; plain test runs do a twentieth)
	@echo "PROPTEST_RNG_SEED=$(PROPTEST_RNG_SEED)"
	cargo test --locked --lib --test storage --test processes
	cargo test --locked --test chain --test channel --test network --test lab -- \
	  adjudicator_model:: channel_mempool:: properties:: bytes:: channels:: payments_adversary:: capsules:: links::
	$(MAKE) namespaces
	ulimit -n 32768 2>/dev/null; cargo test --locked --test processes crowd -- --ignored --nocapture
	cargo test --locked --release --test network -- --include-ignored --nocapture forwarder:: torture:: stake::

clean: ## remove what was built, but not the tools (those: rm -r .tools)
	rm -rf target dist tests/e2e/out
