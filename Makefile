# Two commands: `make chat` opens a conversation on the example project, `make test` runs every test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: chat test test-long check lint types imports lock demo-loop bench-planner clean

chat: $(READY)
	@$(BIN)/opsmith --project examples/churn

test: $(READY)
	@$(BIN)/python -m pytest -q -m "not long" --durations=10

test-long: $(READY)
	@$(BIN)/python -m pytest -q --durations=20

check: lint types imports test

lint: $(READY)
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q .

types: $(READY)
	@$(BIN)/mypy -p opsmith.agent -p opsmith.tools -p opsmith.prompts -p opsmith.memory -p opsmith.evals

imports: $(READY)
	@$(BIN)/lint-imports

demo-loop: $(READY)
	@$(BIN)/python examples/demo_loop.py

# The newest versions that resolve together; `constraints.txt` holds back what was verified.
lock: $(READY)
	@$(BIN)/uv pip compile pyproject.toml --extra all --extra dev --extra spark -c constraints.txt --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock

$(READY): requirements.lock pyproject.toml
	@echo "Opsmith: making an environment in $(VENV) (once; a few minutes on a slow line)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Opsmith: installing the pinned dependencies"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@
	@echo "Opsmith: ready"

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
