# make run    set up and serve Footnote on http://localhost:8501, with the sample organisation
# make test   set up and check everything: format, types, layers, tests
# make help   the rest

PYTHON ?= python3.11
BIN := .venv/bin
SET ?= xquad-en
EVAL ?= ../shared/eval
export OMP_NUM_THREADS ?= $(shell nproc)

.PHONY: run test help check fast eval eval-gate bench bench-embed bench-ingest bench-parse bench-chunks fuzz fit-refusal screenshots lock clean

run: .venv/run-ready var/sample-loaded
	$(BIN)/python -m app

test: .venv/test-ready check
	$(BIN)/pytest

check: .venv/test-ready  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fast: .venv/test-ready  ## the tests without a browser and without the slow ones
	$(BIN)/pytest -m "not browser and not slow"

eval: .venv/run-ready  ## measure a question set: make eval SET=xquad-en
	$(BIN)/python -m rag.evaluate run $(EVAL)/$(SET) --json eval-$(SET).json

eval-gate: .venv/run-ready  ## fail where answers are worse than the committed baseline
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m rag.evaluate gate --sets $(EVAL)

bench: .venv/run-ready  ## ingest and question speed at 1,000, 10,000 and 100,000 chunks
	$(BIN)/python -m ingest.bench.speed --json bench.json

bench-ingest: .venv/run-ready  ## an archive of 5,000 pages: pages/s, one worker and two, memory
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m ingest.bench.archive --json bench-ingest.json

fuzz: .venv/run-ready  ## 10,000 damaged files of eight formats: none may crash, hang or end without a word
	$(BIN)/python -m ingest.fuzz.run --docs ../shared/docs

bench-parse: .venv/run-ready  ## the PDF reader beside unstructured's: make bench-parse HELD_OUT=folder
	DO_NOT_TRACK=1 $(BIN)/python -m ingest.bench.pdf $(if $(HELD_OUT),--held-out $(HELD_OUT))

bench-chunks: .venv/run-ready  ## ways of chunking side by side, on four question sets
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m ingest.bench.chunks --eval $(EVAL)

bench-embed: .venv/test-ready  ## embedding models and backends side by side
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m serving.embedding_bench

fit-refusal: .venv/run-ready  ## fit rag/refusal.json anew
	$(BIN)/python -m rag.evaluate.fit_refusal $(EVAL)

screenshots: .venv/test-ready  ## docs/images, taken from the running product
	$(BIN)/python -m tests.browser.screenshots

lock: .venv/test-ready  ## write requirements*.lock from what is installed in .venv
	$(BIN)/python .ci/lock.py

clean:  ## forget the environment; documents in var/ stay
	rm -rf .venv

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

# Downloads are complete or absent: pip installs the pinned set without resolving.
.venv/run-ready: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	sh .ci/system-packages run
	touch $@

.venv/test-ready: .venv/run-ready requirements-test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements-test.lock
	sh .ci/system-packages test
	touch $@

var/sample-loaded: | .venv/run-ready
	$(BIN)/python -m ingest sample
	touch $@
