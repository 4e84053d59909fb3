# Each target does its own set-up in .venv; a machine with Python 3.11 or newer is enough.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OLD    := .venv-8
PEERS  := .venv-bench
JUDGES := .venv-bench-statistics
ROWS   := .venv-bench-monitor
SHELL  := /bin/bash

.DEFAULT_GOAL := help
.PHONY: help demo test test-8 check format docs bench bench-shipping bench-statistics bench-monitor bench-scale rehearsal soak clean

help:  ## what there is to make
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("elkmon needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 …")'
	@echo "setting up $(VENV), about a minute the first time …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fast,monitor,parquet,embedded,demo,test]'
	@touch $@

# The older line: an 8.19 client against an 8.19 server, for the tests of the store.
$(OLD)/.ready: pyproject.toml constraints.txt
	@echo "setting up $(OLD) with the 8.19 client …"
	@$(PYTHON) -m venv $(OLD)
	@$(BIN)/python -c 'import re, sys; sys.stdout.write(re.sub(r"(?m)^(elasticsearch|elastic-transport)==.*\n", "", open("constraints.txt").read()))' > $(OLD)/constraints.txt
	@$(OLD)/bin/python -m pip install --quiet --disable-pip-version-check -c $(OLD)/constraints.txt -e '.[fast,monitor,parquet,embedded,demo,test]' 'elasticsearch>=8.19,<9'
	@touch $@

demo: $(VENV)/.ready  ## real flights through a real Elasticsearch to real mails, in three to five minutes
	@$(BIN)/elkmon demo --output demo-output

# Three at once, since much of a test's time is waiting: what is quick, what waits for processes, and the older line. What the
# latter two printed follows at the end.
PROCESSES := tests/faults tests/end_to_end tests/examples
test: $(VENV)/.ready $(OLD)/.ready  ## every test; starts its own Elasticsearch
	@$(MAKE) --no-print-directory test-8 > .test-8.log 2>&1 & older=$$!; \
	$(BIN)/python -m pytest $(PROCESSES) > .test-processes.log 2>&1 & processes=$$!; \
	$(BIN)/python -m pytest $(addprefix --ignore=,$(PROCESSES)); quick=$$?; \
	wait $$processes; processes=$$?; wait $$older; older=$$?; \
	cat .test-processes.log .test-8.log; rm -f .test-processes.log .test-8.log; \
	[ $$quick = 0 ] && [ $$processes = 0 ] && [ $$older = 0 ]

# Not what only asks once more what the others ask: whole histories of the monitor, leases, layouts, erasure, and nodes of their own.
TWICE := doctor_layouts demo_profiles embedded erasure erasure_subjects explaining joining_at_once late_truth layouts layout_truth \
	lease lease_clocks lease_shares lease_turns monitor_baselines monitor_history shipping_journal telling
test-8: $(OLD)/.ready  ## the store's tests on Elasticsearch 8.19 with an 8.19 client
	@ELKMON_TEST_ELASTICSEARCH_VERSION=8.19.9 $(OLD)/bin/python -m pytest tests/elasticsearch \
		$(foreach name,$(TWICE),--ignore=tests/elasticsearch/test_$(name).py)

check: $(VENV)/.ready  ## format, lint, types, direction of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.ready  ## write the format, and mend what lint can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(VENV)/.ready  ## docs/measures.md from the docstrings of elkmon/measures
	@$(BIN)/python docs/make_measures.py

bench: $(VENV)/.ready  ## figures, as ratios against peers in the same run
	@for bench in bench/*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

# The peers of bench/shipping, in an environment of their own. One that cannot be installed is left out, and said so.
$(PEERS)/.ready: pyproject.toml bench/shipping/requirements.txt
	@echo "setting up $(PEERS) with the peers …"
	@$(PYTHON) -m venv $(PEERS)
	@install="$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check"; \
	$$install -r bench/shipping/requirements.txt || \
	for pin in $$(grep == bench/shipping/requirements.txt); do $$install $$pin || echo "left out: $$pin"; done; \
	$$install -e '.[fast]'
	@touch $@

bench-shipping: $(PEERS)/.ready  ## the handler beside its peers, in a quarter of an hour, into bench/results/shipping.md
	@$(PEERS)/bin/python -m bench.shipping --output bench/results/shipping.md

# The peers of bench/statistics: what they pin excludes what elkmon uses, so they answer from an environment of their own.
$(JUDGES)/.ready: bench/statistics/requirements.txt
	@echo "setting up $(JUDGES) with the peers, some minutes the first time …"
	@$(PYTHON) -m venv $(JUDGES)
	@install="$(JUDGES)/bin/python -m pip install --quiet --disable-pip-version-check"; \
	$$install -r bench/statistics/requirements.txt || { \
	$$install $$(grep -v '==\|^#' bench/statistics/requirements.txt); \
	for pin in $$(grep == bench/statistics/requirements.txt); do $$install $$pin 'numpy<2' 'pandas<3' || echo "left out: $$pin"; done; }
	@touch $@

bench-statistics: $(VENV)/.ready $(JUDGES)/.ready  ## false alarms, power and estimates beside the peers', in half an hour, into bench/results/statistics.md
	@$(BIN)/python -m bench.statistics --output bench/results/statistics.md

# The peers of bench/monitor, with a client of Elasticsearch to pull their rows.
$(ROWS)/.ready: bench/monitor/requirements.txt
	@echo "setting up $(ROWS) with the peers, some minutes the first time …"
	@$(PYTHON) -m venv $(ROWS)
	@install="$(ROWS)/bin/python -m pip install --quiet --disable-pip-version-check"; \
	$$install -r bench/monitor/requirements.txt || { \
	$$install $$(grep -v '==\|^#' bench/monitor/requirements.txt); \
	for pin in $$(grep == bench/monitor/requirements.txt); do $$install $$pin 'numpy<2' 'pandas<3' || echo "left out: $$pin"; done; }
	@touch $@

bench-monitor: $(VENV)/.ready $(ROWS)/.ready  ## what a check costs beside its peers and by its volume, in half an hour, into bench/results/monitor.md
	@$(BIN)/python -m bench.monitor --output bench/results/monitor.md

bench-scale: $(VENV)/.ready  ## wide models, a million events a day, bytes a month, in a quarter of an hour, into bench/results/scale.md
	@$(BIN)/python -m bench.scale --output bench/results/scale.md

rehearsal: $(VENV)/.ready  ## half an hour of the monitor while Elasticsearch, the mail server and itself are killed at random
	@$(BIN)/python -m bench.rehearsal $(REHEARSAL)

soak: $(VENV)/.ready  ## five minutes of logging while Elasticsearch is stopped and killed again and again (SOAK=--journal)
	@$(BIN)/python -m bench.soak $(SOAK)

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(OLD) $(PEERS) $(JUDGES) $(ROWS) build dist *.egg-info demo-output .test-8.log .test-processes.log .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
