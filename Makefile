# Needs make and Python 3.11 or newer. Each target says what it does and how long it takes: `make help`.

SHELL := /bin/sh
BIN := .venv/bin
FIND_PYTHON = for python in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
	[ -n "$$python" ] && "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done

# How long each fault lasts in full; `make test` runs them all for seconds.
FAULTS = TONGFEN_FAULTS_MIXED_S=60 TONGFEN_FAULTS_OPEN_S=30 TONGFEN_FAULTS_AWAY_S=600 \
	TONGFEN_FAULTS_REBALANCE_S=300 TONGFEN_FAULTS_SNAPSHOT_S=600 TONGFEN_FAULTS_FULL_S=20 \
	TONGFEN_FAULTS_SLACK_S=0 TONGFEN_FAULTS_ENDED=points,points-2,points-worker,member TONGFEN_CHAOS_S=30

FAULTY = tests/journeys/test_graceful_stop.py tests/service/stack/test_stack.py \
	tests/unit/web/test_signatures.py $(addprefix tests/service/points/test_, desk_faults.py \
	desks_together.py closing_races.py crowds.py hold_races.py refunds.py auditor_at_work.py vouchers.py \
	voidings.py voidings_contradicted.py)

.DEFAULT_GOAL := help
.PHONY: help setup run reset check format test replay bench faults chaos fuzz contracts docs

help: ## Say what can be made and how long it takes (instantly)
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## Make .venv out of requirements.lock (a minute at first, then instantly)
	@python=$$($(FIND_PYTHON)); if [ -z "$$python" ]; then \
		echo "Tongfen needs Python 3.11 or newer." >&2; \
		echo "Install it, or name one: make setup PYTHON=/path/to/python3.12" >&2; exit 1; fi; \
	"$$python" infra/venv.py

run: setup ## Start everything and hold it until Ctrl-C (4 min at first, then 20 s)
	@$(BIN)/tongfen run

reset: setup ## Remove the state of `make run`: database, broker, logs, passwords (2 s)
	@$(BIN)/tongfen reset --yes

check: setup ## Lint, types, who may import whom, house style, unit tests; only reads (60 s)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/house tests/unit

format: setup ## Mend what ruff can mend by itself (2 s)
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

test: setup ## Everything, against a real PostgreSQL and a real Kafka (9 min)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/python -m infra.embedded.kafka_jars & jars=$$!; \
	  $(BIN)/mypy --no-error-summary && $(BIN)/lint-imports --no-cache; typed=$$?; \
	  wait $$jars && exit $$typed
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder tests

replay: setup ## Half a year of real purchases in a stack of its own, compared to the fen (2 min)
	@mkdir -p out
	@$(BIN)/tongfen replay --from 2017-01-01 --to 2017-07-01 --report out/half-year.json
	@$(BIN)/python -m tests.replay.agreement out/half-year.json

bench: setup ## Measure hot paths, a month's end, memory, what bends (15 min; machine to itself; wrk)
	@$(BIN)/tongfen bench --page docs/generated/bench.md

faults: setup ## Every fault in full, each printing what it counted (38 min; machine to itself)
	@$(FAULTS) $(BIN)/python -m pytest -s tests/faults tests/chaos tests/service/runtime $(FAULTY)

chaos: setup ## Half a year, then ten minutes of 64 clients, while parts are killed (25 min)
	@$(BIN)/python -m tests.chaos.half_year
	@TONGFEN_CHAOS_S=600 $(BIN)/python -m pytest -s tests/chaos

fuzz: setup ## Feed every parser of outside bytes for five minutes each; FUZZ_S=60 for one (85 min)
	@TONGFEN_FUZZ_S=$(or $(FUZZ_S),300) $(BIN)/python -m pytest -q -s tests/fuzz

contracts: setup ## Write the events' JSON Schemas, the OpenAPI documents and the list of problems (5 s)
	@$(BIN)/python -m contracts.generate
	@$(BIN)/python -m infra.docs.openapi
	@$(BIN)/python -m infra.docs.problems

docs: setup ## Write docs/generated from the code (5 s)
	@$(BIN)/python -m infra.docs.generate
