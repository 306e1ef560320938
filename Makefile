# Regionfall. `make` alone prints this list.
# The same settings as the images' programs are built with, so that what both need is compiled once. They also keep this machine's
# paths out of binaries and reports. What is here, and AWS's client, is not inlined, which has the binary 1.6 MB smaller: docs/size.md.
export CGO_ENABLED = 0
export GOFLAGS     = -trimpath -buildvcs=false -gcflags=github.com/regionfall/regionfall/...=-l -gcflags=github.com/aws/...=-l

# What the evidence says of these sources. GOFLAGS keeps Go from noting it itself, since this machine's paths come with that.
BUILD    = github.com/regionfall/regionfall/lab/build
COMMIT   = $(shell git rev-parse --verify -q HEAD 2>/dev/null)
DIRTY    = $(if $(COMMIT),$(if $(shell git status --porcelain 2>/dev/null | head -n 1),true,false))
STAMP    = -X $(BUILD).commit=$(COMMIT) -X $(BUILD).dirty=$(DIRTY)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

GO      ?= go
# Linters have a module of their own: the product needs none of what they need.
LINT    := $(GO) tool -modfile=.ci/tools.mod golangci-lint
OUT     ?= out
SUITES  ?= ./suites/smoke ./suites/faults ./suites/kyc ./suites/analytics ./suites/saas ./suites/config ./suites/geo ./suites/batch ./suites/ownapp \
	./suites/thirdparty ./suites/leaks ./suites/conformance
# What make stores asks of both S3 stores, and what else it runs on LocalStack.
S3      := ./suites/conformance ./suites/awscli
STACKED := ./suites/smoke ./suites/faults ./suites/kyc ./suites/thirdparty
# Of these suites JOBS specs go side by side, each with a lab of its own: they judge what a fault does, and not how soon a service is back.
# Of the others DRILL_JOBS do. A drill wants two processors for itself: beside another one, of which the lab just comes up or goes, its
# harness stands still for a moment.
BESIDE  := ./suites/smoke ./suites/faults ./suites/conformance
JOBS    ?= $(shell getconf _NPROCESSORS_ONLN)
DRILL_JOBS ?= $(shell n=$$(($$(getconf _NPROCESSORS_ONLN) / 2)); echo $$((n > 1 ? n : 1)))
# Everything that needs no containers. The suites' specs do, and run with `make conformance`.
UNIT    := . ./docker/... ./fixtures/... ./lab/... ./scenarios/... ./suites/matchers/... ./suites/internal/...

.DEFAULT_GOAL := help
.PHONY: help chaos incidents conformance stores test lint fmt images bench size calibrate mutants fuzz release clean

help: ## print this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# specs runs suites, if there are any: $(1) names their reports, $(2) are the suites, $(3) is what serves S3 and DynamoDB, $(4) is how many
# specs go side by side. It leaves how they ended in code.
# The drills of specs have a folder of their own: no later run takes them for those of make chaos.
specs = code=0$(if $(strip $(2)),; $(some_specs))
some_specs = mkdir -p $(OUT)/specs; REGIONFALL_AWS=$(3) REGIONFALL_OUT=$(abspath $(OUT))/specs $(GO) tool ginkgo run --keep-going \
	--ldflags='$(STAMP)' $(if $(NO_COLOR),--no-color) --procs=$(4) --fail-on-empty --fail-on-pending --timeout=60m --poll-progress-after=120s \
	--junit-report=$(1).junit.xml --json-report=$(1).json --output-dir=$(OUT) $(2); code=$$?; \
	sed -i.bak 's|$(CURDIR)/||g' $(OUT)/$(1).junit.xml $(OUT)/$(1).json && rm -f $(OUT)/*.bak; \
	echo "evidence: $(OUT)/specs/index.html"

# The nodes of specs run the program that is made already, and not one that is linked once more. Where it does not fit the engine, leave this
# empty.
conformance stores bench: export REGIONFALL_PROGRAM ?= $(if $(filter Linux,$(shell uname)),$(CURDIR)/regionfall)

# FAMILY=kyc runs one family of the library, SCENARIO="kyc-zero-loss ./mine.yaml" what is named.
chaos: regionfall ## run the library on real labs; evidence in out/
	@./regionfall engine start
	@./regionfall images
	@./regionfall run $(or $(SCENARIO),$(if $(FAMILY),--family $(FAMILY),--all)) --brief --out $(OUT)

incidents: regionfall ## run public incidents on real labs, and hold them to what their postmortems say
	@./regionfall engine start
	@./regionfall images
	@./regionfall run scenarios/incidents/*.yaml --brief --out $(OUT)

# What make chaos has just run of these sources is looked at there, and not run again.
conformance: export REGIONFALL_DRILLS = $(abspath $(OUT))
conformance: regionfall ## prove the harness: the lab, every fault, twins of the drills, what is left behind
	@./regionfall engine start
	@./regionfall images
	@$(call specs,conformance,$(filter $(BESIDE),$(SUITES)),$(REGIONFALL_AWS),$(JOBS)); first=$$code; \
		$(call specs,conformance-drills,$(filter-out $(BESIDE),$(SUITES)),$(REGIONFALL_AWS),$(DRILL_JOBS)); exit $$((first | code))

stores: regionfall ## hold both S3 stores to what is relied on, and drill on LocalStack too
	@./regionfall engine start
	@./regionfall images --aws packages
	@./regionfall images --aws localstack
	@$(call specs,stores-packages,$(S3),packages,$(JOBS)); first=$$code; \
		$(call specs,stores-localstack,$(S3) $(STACKED),localstack,$(DRILL_JOBS)); exit $$((first | code))

test: ## run the tests that need no containers
	$(GO) test $(UNIT)

lint: ## check style, and the import graph's rules
	$(LINT) run ./... ./.ci/mutants

fmt: ## format the code
	$(LINT) fmt ./... ./.ci/mutants

images: regionfall ## fetch or build the images
	@./regionfall images

bench: regionfall ## print benchmarks: of lab start, faults and links, and of the judging
	@./regionfall images
	$(GO) test -run='^$$' -bench=. -benchtime=3x -timeout=30m ./suites/bench
	$(GO) test -run='^$$' -bench=. -benchmem ./scenarios/history ./scenarios/measure ./scenarios/workload

# The binary that is counted is the same, but for its symbols. docs/size.md says more.
size: regionfall ## print how large the binary is, and which modules it is made of
	@wc -c regionfall
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && $(GO) build -o "$$dir/regionfall" . && \
		$(GO) list -deps -f '{{.ImportPath}} {{with .Module}}{{.Path}}{{else}}the standard library{{end}}' . >"$$dir/modules" && \
		$(GO) tool nm -size -sort address "$$dir/regionfall" >"$$dir/symbols" && \
		awk -f .ci/size.awk "$$dir/modules" "$$dir/symbols" | head -n 10

# SEED=17 repeats one drill and tells all of it; with KEEP=folder what it records stays there. SIDE is how many drills run side by side.
calibrate: ## plant truths, measure them, and write docs/calibration.md from what comes out
	cd scenarios/calibration && $(GO) test -count=1 -timeout=60m -run='^TestCalibration$$' -parallel=$(or $(SIDE),2) $(if $(SEED),-one -seed=$(SEED) \
		$(if $(KEEP),-keep=$(abspath $(KEEP))),-drills=$(or $(DRILLS),300) -page=$(CURDIR)/docs/calibration.md)

# The mutation tester is not in go.mod: nothing that is built here needs it. It tries the package's own tests, each mutant by itself: in short
# mode, up to the first that fails, compiled as fast as can be.
GREMLINS := GOFLAGS="$(GOFLAGS) -short -failfast -vet=off -ldflags=-w '-gcflags=-N -l'" $(GO) run github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0 unleash \
	--workers=2 --test-cpu=1 --timeout-coefficient=10 --output-statuses=ltv

# What gremlins takes for code that no test runs is tried after it; docs/mutants.md says why, and what lives.
# Each mutant is compiled once and never again: what is kept of that goes with its own cache.
mutants: export GOCACHE = $(abspath $(OUT))/mutants/cache
mutants: ## plant bugs in the judge and in the guard of faults, and print how many the tests find
	@rm -rf $(OUT)/mutants && mkdir -p $(OUT)/mutants
	$(GREMLINS) --output=$(abspath $(OUT))/mutants/judge.json --threshold-efficacy=90 ./scenarios/measure
	$(GREMLINS) --output=$(abspath $(OUT))/mutants/guard.json \
		$(foreach f,$(filter-out guard.go %_test.go,$(notdir $(wildcard lab/fault/*.go))),-E '^$(f)$$') -E '^faulttest/' ./lab/fault
	$(GO) run ./.ci/mutants scenarios/measure=$(OUT)/mutants/judge.json lab/fault=$(OUT)/mutants/guard.json
	@rm -rf $(OUT)/mutants/cache

fuzz: ## fuzz the decoders for a while each
	$(GO) test -run='^$$' -fuzz=FuzzDecodeOps -fuzztime=20s ./scenarios/history
	$(GO) test -run='^$$' -fuzz=FuzzDecodeEvents -fuzztime=20s ./scenarios/history
	$(GO) test -run='^$$' -fuzz=FuzzParse -fuzztime=20s ./scenarios
	$(GO) test -run='^$$' -fuzz=FuzzTopology -fuzztime=20s ./scenarios
	$(GO) test -run='^$$' -fuzz=FuzzParse -fuzztime=20s ./scenarios/app
	$(GO) test -run='^$$' -fuzz=FuzzBaseBackup -fuzztime=20s ./lab/agent/backup

# VERSION=v1.2.3 is what it is called; else it is what git calls it.
release: ## make the archives of a release, and their checksums, in out/release
	@GO=$(GO) .ci/release $(abspath $(OUT))/release "$(VERSION)" "$(STAMP) -X $(BUILD).version=$(VERSION)"

clean: ## remove labs, evidence and what was built
	-@[ ! -x ./regionfall ] || ./regionfall down
	rm -rf $(OUT) regionfall

.PHONY: regionfall
regionfall:
	@$(GO) build -ldflags='-s -w $(STAMP)' -o regionfall .
