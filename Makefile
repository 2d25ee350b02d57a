# make run    builds Harecast and starts it: on the broker at RABBITMQ if one answers there, else with a
#             recorded cluster
# make test   everything that must hold: format, warnings, tests, the tests with real servers among them
# make help   the other targets

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The broker's Prometheus endpoint that `make run` looks for.
RABBITMQ ?= http://127.0.0.1:15692
# More flags for `make run`, for instance ARGS=--web.listen-address=127.0.0.1:9000
ARGS ?=
SWIFT ?= swift
comma := ,
# One setting for every release build: another one compiles everything anew.
RELEASE := -c release --static-swift-stdlib

BUILD_PACKAGES := ca-certificates curl g++ git libcrypt-dev libcurl4-openssl-dev libopenblas0 libprotobuf-c-dev \
	libre2-dev libsnappy-dev libsqlite3-dev libssl-dev libsvm-dev libxgboost-dev pkg-config \
	zlib1g-dev
TEST_PACKAGES := chromium debian-archive-keyring debootstrap influxdb openssl python3-pika

SWIFT_FILES := Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources Fuzz/Package.swift $(wildcard Fuzz/Sources/*Fuzz) Fuzz/Sources/FuzzerLoop Sanitizers/Package.swift \
	Sanitizers/Sources/Locks
SCRIPTS := .ci/run $(filter-out %/amqp-load %/page-look %/promql-differential %/remote-write-soak %/alertmanager-outage %.py,$(wildcard Tests/Support/*)) \
	$(addprefix Benchmarks/,common.bash scrape-cpu queues10000 metrics-latency idle-memory parse-and-store remote-write promql rules incidents/run lstm)
BUILD_LOG := .build/build.log
# What SwiftPM calls this package in its own warnings.
PACKAGE := $(shell basename "$(CURDIR)" | tr '[:upper:]' '[:lower:]')

.PHONY: help run test lint format deps test-deps toolchain build-tests sanitize bench clean

help: ## say what the targets are
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

toolchain:
	@version=$$($(SWIFT) --version 2>&1 | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9.]+' || true); \
	case "$$version" in \
	  '') echo "Swift 6.1 or newer is needed (https://www.swift.org/install/linux/), and '$(SWIFT)' does not run:" >&2; \
	      $(SWIFT) --version >&2 || true; exit 1;; \
	  [0-5].*|6.0) echo "Swift 6.1 or newer is needed, this is $$version" >&2; exit 1;; \
	esac

deps: ## install the Debian packages for building, those that are missing
	@Tests/Support/install-packages $(BUILD_PACKAGES)

test-deps: deps
	@Tests/Support/install-packages $(TEST_PACKAGES)
	@Tests/Support/rabbitmq-install >/dev/null
	@Tests/Support/reference-install >/dev/null
	@Tests/Support/reference-install victoria-metrics >/dev/null
	@Tests/Support/mlflow-install >/dev/null

run: toolchain deps ## build and start Harecast (RABBITMQ=http://host:15692 for another broker)
	$(SWIFT) build $(RELEASE) --product harecast
	@program=$$($(SWIFT) build $(RELEASE) --show-bin-path)/harecast; \
	if curl -s -o /dev/null -m 3 "$(firstword $(subst $(comma), ,$(RABBITMQ)))"; then \
	  exec "$$program" serve --rabbitmq "$(RABBITMQ)" $(ARGS); \
	else \
	  echo "No broker answers at $(RABBITMQ): showing a recorded cluster instead."; \
	  exec "$$program" demo $(ARGS); \
	fi

test: toolchain test-deps lint build-tests ## check the format, build without warnings, run all tests
	HARECAST_REAL_SERVERS=require $(SWIFT) test --no-parallel

# Warnings in our own files fail; those of dependencies are theirs. The files are touched, because one
# that is not compiled again would not warn again.
build-tests:
	@mkdir -p .build
	$(SWIFT) build --build-tests 2>&1 | tee $(BUILD_LOG)
	@warnings=$$(grep -E "^($(CURDIR)/)?(Sources|Tests|Package\.swift)[^ ]*: warning:|^warning: '$(PACKAGE)':" \
	  $(BUILD_LOG) | sort -u || true); \
	if [ -n "$$warnings" ]; then \
	  echo "The build has warnings:"; echo "$$warnings"; \
	  cut -d: -f1 <<<"$$warnings" | sort -u | while read -r file; do [ ! -f "$$file" ] || touch "$$file"; done; \
	  exit 1; \
	fi

# The tests that need no real servers; the first build of each sanitizer takes some minutes.
SANITIZED := ^(TimeSeriesTests|SeriesStoreTests|RemoteWriteTests)\.|RemoteWriteReceiverTests|RemoteWriteLimitTests|KnownSeriesTests

sanitize: toolchain deps ## run the tests of store and remote-write under the address and the thread sanitizer
	@for sanitizer in address thread; do \
	  cd "$(CURDIR)/Sanitizers"; \
	  LSAN_OPTIONS="suppressions=$(CURDIR)/Sanitizers/leaks.suppressions" \
	  $(SWIFT) test --sanitize $$sanitizer --scratch-path .build-$$sanitizer --no-parallel --filter '$(SANITIZED)'; \
	done

lint: toolchain ## check the format of the Swift files and the syntax of the scripts
	$(SWIFT) format lint --strict -r $(wildcard $(SWIFT_FILES))
	@for script in $(wildcard $(SCRIPTS)); do bash -n "$$script"; done

format: toolchain ## bring the Swift files into the project's format
	$(SWIFT) format -i -r $(wildcard $(SWIFT_FILES))

bench: toolchain deps ## measure against Prometheus and VictoriaMetrics (see Benchmarks/README.md)
	$(SWIFT) build $(RELEASE) --product harecast
	@for name in scrape-cpu remote-write queues10000 metrics-latency idle-memory; do Benchmarks/$$name; done

clean: ## remove what was built; the test servers in the cache stay
	rm -rf .build Benchmarks/.build Fuzz/.build Sanitizers/.build-*
