# Everything is run by these targets; .ci/run calls them in turn.
GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The root module comes last: its lines end the output.
TESTED = cmd/webhookctl examples/boltstore examples/orm examples/otel gormwebhook internal/bench internal/sqltest .
MODULES = . cmd/webhookctl gormwebhook internal/bench internal/sqltest examples/boltstore examples/orm examples/otel

.PHONY: test help race lint tidy e2e oracle crash claimcost bench bench-guard mutants histories fuzz

# What make test leaves out, and how to have it.
SERVERS = WEBHOOK_TEST_POSTGRES WEBHOOK_TEST_MYSQL

test: ## every test that needs nothing but Go, and those on servers that are named
	@for v in $(SERVERS); do printenv $$v >/dev/null || \
		echo "tests on a server are skipped: set $$v to its data source name, as in .ci/run"; done
	@for m in $(TESTED); do (cd $$m && $(GO) test ./...) || exit 1; done

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\): ##/\1:/p' Makefile

race: ## the same under the race detector
	@for m in $(TESTED); do (cd $$m && $(GO) test -race ./...) || exit 1; done

lint: ## formatting, vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt would change these files"; exit 1; }
	@for m in $(MODULES); do (cd $$m && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...) || exit 1; done

tidy: ## go.mod and go.sum are complete and no more
	@for m in $(MODULES); do (cd $$m && $(GO) mod tidy -diff) || exit 1; done

e2e: ## the receivers of the documents and of docs/receivers.md, over loopback
	@/usr/bin/python3 -c 'import flask, httpbin' 2>/dev/null || \
		{ echo 'make e2e needs Flask and httpbin: apt-get install python3-flask python3-httpbin'; exit 1; }
	$(GO) test -count=1 -tags e2e ./internal/e2e

oracle: ## the template engine against real Jinja2
	@/usr/bin/python3 -c 'import jinja2' 2>/dev/null || \
		{ echo 'make oracle needs Jinja2: apt-get install python3-jinja2'; exit 1; }
	JINJA_ORACLE=/usr/bin/python3 $(GO) test -count=1 -v -run '^TestOracle$$' ./internal/jinja ./internal/builtin

crash: ## a hundred workers are killed over 10,000 deliveries, on each database
	cd internal/sqltest && $(GO) test -count=1 -v -timeout 60m -run '^TestCrash$$' -kills 100 -deliveries 10000 .

claimcost: ## what a claim costs with a thousand to a million deliveries due
	cd internal/sqltest && for d in sqlite $${WEBHOOK_TEST_POSTGRES:+postgres} $${WEBHOOK_TEST_MYSQL:+mysql}; do \
		$(GO) run ./claimcost -dialect $$d || exit 1; done

bench: ## ratios beside the alternatives, in one run
	cd internal/bench && $(GO) run ./templates && \
		for c in delivery latency enqueue fairness crowd scale; do $(GO) run . $$c || exit 1; done

bench-guard: ## allocations and ratios within their bounds, in a minute
	cd internal/bench && $(GO) run . guard

mutants: ## the random histories find seeded faults
	$(GO) test -count=1 -tags mutants -timeout 30m -run '^TestMutants$$' -v .

histories: ## thousands of new random histories of deliveries, against the model
	$(GO) test -count=1 -run '^TestRandomHistories$$' -histories 3000 -seed 0 .

fuzz: ## each fuzz target for a minute
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 1m $$p || exit 1; done; done
