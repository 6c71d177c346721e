# Everything below needs only Python >= 3.11 and make: the environment is made from requirements.lock on first use.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= auto
# A lock names all there is; most modules are never imported, so they are compiled when they are.
LOCKED := --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile
SIDE_BY_SIDE := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: packets test slow lab check notebooks picture lock clean

packets: $(VENV)/ready  ## Make the sample company's packets of the last quarter
	$(BIN)/slareport init --sample
	$(BIN)/slareport run --period 2026Q3

test: $(VENV)/ready  ## Run every test, the committed notebooks included
	$(BIN)/pytest --nbval -p no:cacheprovider $(SIDE_BY_SIDE) notebooks
	$(BIN)/pytest $(SIDE_BY_SIDE)

slow: $(VENV)/spark  ## Run the tests that take minutes, those with Spark among them (needs Java)
	$(BIN)/pytest -m slow $(SIDE_BY_SIDE)

lab: $(VENV)/ready  ## Open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

check: $(VENV)/ready  ## Lint, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

notebooks: $(VENV)/ready  ## Run the committed notebooks again and store what they show
	$(BIN)/jupyter nbconvert --to notebook --inplace --execute --ExecutePreprocessor.record_timing=False \
	  --ClearMetadataPreprocessor.enabled=True --ClearMetadataPreprocessor.preserve_cell_metadata_mask=tags \
	  --ClearMetadataPreprocessor.preserve_nb_metadata_mask="{'kernelspec', ('language_info', 'name')}" notebooks/*.ipynb

picture: packets  ## Take the README's picture of a packet (needs Chromium)
	$(BIN)/python -m tests.picture outputs/2026Q3/emea/team_review/current/packet.html outputs/packet.png

lock: $(VENV)/ready  ## Pin every dependency anew, for all platforms and Pythons
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade --quiet \
	  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements.lock
	echo "pyspark>=4,<4.1" | $(BIN)/uv pip compile - --universal --python-version 3.11 --upgrade --quiet \
	  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -o tests/spark.lock

clean:  ## Remove the environment and all outputs
	rm -rf $(VENV) outputs/* outputs/.[!.]*

$(VENV)/spark: $(VENV)/ready tests/spark.lock  # 400 MB that nothing else needs
	$(BIN)/pip install $(LOCKED) -r tests/spark.lock
	@touch $@

$(VENV)/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "slareport needs Python >= 3.11; name one with: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install $(LOCKED) -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
