# The ways to run this project. `make run` and `make test` set up all they need by themselves.

ifeq ($(OS),Windows_NT)
BASE_PYTHON ?= py
PYTHON := .venv/Scripts/python.exe
else
BASE_PYTHON ?= python3
PYTHON := .venv/bin/python
endif

SETUP := $(BASE_PYTHON) scripts/setup

.PHONY: run test test-devices ha faults check soak mutation bench screenshots lock build clean

run: ## Open the demo shop's till; without a display it plays the demo by itself.
	@$(SETUP) run
	@$(PYTHON) -m pos_client --demo

# A worker for each core, four at most, and whoever is through with its share takes of the others'; JOBS=1 runs the tests
# one after the other.
JOBS ?= logical

test: check ## Check the source, then run every test.
	@$(PYTHON) -m pytest $(if $(filter 1,$(JOBS)),,--numprocesses $(JOBS) --maxprocesses 4 --dist worksteal)

test-devices: ## Drive every gun's driver on a real kernel in QEMU, guns plugged in and out (Debian on x86-64).
	@$(SETUP) devices
	@$(PYTHON) -m tests.devices $(ARGUMENTS)

ha: ## Start a chain that never closes on one machine, sell, and kill parts of it (root, Debian); ARGUMENTS=--stay leaves it on.
	@$(SETUP) ha
	@$(PYTHON) -m tests.ha $(ARGUMENTS)

faults: ## Play every fault while 50 tills sell, and write the table into docs/faults.md (root, Debian).
	@$(SETUP) ha
	@$(PYTHON) -m tests.ha --all

check: ## Style, types and the import contracts.
	@$(SETUP) test
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@$(PYTHON) -c "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_logo=True))"

soak: ## A day at a busy counter in fast time: 100,000 scans and 1,000 replugs on each kind of gun, and nothing grows.
	@$(SETUP) test
	@SOAK_DAYS=1 $(PYTHON) -m pytest -rP tests/drivers/test_long_soak.py

mutation: ## Break the engine's rules in hundreds of ways and count which ones no test notices; into docs/mutation.md.
	@$(SETUP) mutation
	@$(PYTHON) scripts/mutation.py

bench: ## Measure every figure, or one: make bench NAME=embedded_charge
	@$(SETUP) test
	@$(PYTHON) -m benchmarks $(NAME)

screenshots: ## Draw every window into docs/pictures.
	@$(SETUP) run
	@$(PYTHON) -m pos_client.demo --screenshots docs/pictures

lock: ## Resolve the dependencies of pyproject.toml anew into locks/.
	@$(SETUP) build
	@$(PYTHON) scripts/lock $(if $(UPGRADE),--upgrade)

build: ## Pack the till into dist/ and start what was packed once.
	@$(SETUP) build
	@$(PYTHON) scripts/build

clean: ## Remove what can be made again; the environment stays.
	rm -rf build dist demo-out mutants benchmarks/out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
