# Two commands: `make chat` opens a conversation on the example project, `make test` runs every test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: chat test test-long test-lowest test-studio checks-env test-deploy-checks check lint types imports lock demo-loop bench-planner clean

chat: $(READY)
	@$(BIN)/opsmith --project examples/churn

test: $(READY)
	@$(BIN)/python -m pytest -q -m "not long" -n auto --dist loadfile --durations=10

# Full fuzzing and version matrices; CI runs them after `make test`.
test-long: $(READY)
	@$(BIN)/python -m pytest -q -m long -n auto --dist worksteal --timeout 1200 --durations=10

# The unit tests on the lowest versions that pyproject.toml allows (pandas 2.3, scikit-learn 1.7, ...). The generated
# service is left out: it runs on its own lock and refuses to start with other versions.
test-lowest: $(READY)
	@test -x .venv-lowest/bin/python || $(BIN)/uv venv -q .venv-lowest --python $(BIN)/python
	@$(BIN)/uv pip install -q --python .venv-lowest/bin/python --resolution lowest-direct \
		-e '.[all,dev]'
	@.venv-lowest/bin/python -m pytest -q -n auto --dist loadfile -p no:cacheprovider tests/tools tests/memory tests/prompts \
		--ignore tests/tools/templates/service \
		-m "not long and not slow and not docker and not spark and not postgres and not mysql and not browser"

# `langgraph dev` wants an older protobuf: an environment of its own.
test-studio: $(READY)
	@test -x .venv-studio/bin/python || $(BIN)/uv venv -q .venv-studio --python $(BIN)/python
	@$(BIN)/uv pip install -q --python .venv-studio/bin/python -c constraints.txt -e . 'langgraph-cli[inmem]==0.4.40'
	@.venv-studio/bin/python .ci/studio.py

# Others' tools that judge the deployment files, each in an environment of its own; never dependencies of Opsmith.
checks-env: $(READY)
	@test -x .venv-checks/bin/python || $(BIN)/uv venv -q .venv-checks --python $(BIN)/python
	@$(BIN)/uv pip install -q --python .venv-checks/bin/python checkov==3.3.30 cfn-lint==1.51.0 'moto[server]==5.2.1' google-api-python-client awscli
	@test -x .venv-azure/bin/python || $(BIN)/uv venv -q .venv-azure --python $(BIN)/python
	@$(BIN)/uv pip install -q --python .venv-azure/bin/python azure-cli==2.91.0

test-deploy-checks: checks-env
	@$(BIN)/python -m pytest -q tests/tools/compute/deployment/test_outside_checks.py -m "not long" --durations=5

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

bench-planner: $(READY)
	@$(BIN)/python benchmarks/planner.py

clean:
	rm -rf $(VENV) .venv-lowest .venv-studio .venv-checks .venv-azure build *.egg-info .pytest_cache .mypy_cache .ruff_cache
