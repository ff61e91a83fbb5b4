# Everything a newcomer, a developer and CI run. Each target sets up what it needs.
.DEFAULT_GOAL := help
.PHONY: help installer demo check test bench campagne controles contrats lock format
SHELL := /bin/sh
BIN := .venv/bin

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

installer: ## what a bare Debian 12 lacks: packages, virtual environment (nothing to do the second time)
	@sh deploy/local/installer.sh

demo: installer ## the whole chain on sample data, then stays up; ONCE=1 ends by itself, status 0 if delivered
	@exec $(BIN)/ent1d demo $(if $(ONCE),--once)

check: installer ## lint, types, architecture, compose syntax: seconds
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo | tail -n 1
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml

test: check ## check, then unit, contract, integration and end-to-end tests on real servers
	@$(BIN)/pytest $(ARGS)

bench: QUOI ?= chaine pages televersements
bench: installer ## dossiers per second, pages over 100,000 dossiers, twenty uploads at once; QUOI="chaine pages televersements" N=2000 DEBIT=20
	@for quoi in $(QUOI); do case $$quoi in \
	  chaine) $(BIN)/python -m deploy.bench $(if $(N),--backlog $(N)) $(if $(DEBIT),--debit $(DEBIT)) ;; \
	  pages) $(BIN)/python -m deploy.bench_pages ;; \
	  televersements) $(BIN)/python -m deploy.bench_televersements ;; \
	  *) echo "QUOI : chaine, pages, televersements" >&2; false ;; \
	esac || exit 1; done

campagne: installer ## faults on the real system, judged from outside; DUREE=300 GRAINE=42 PANNES="mongod.tuer=10" POINTS="1 2 10" HOSTILES=1000 PART= DEBIT= VOIES= ECHELLE=
	@$(BIN)/python -m deploy.campagne $(if $(DUREE),--duree $(DUREE)) $(if $(GRAINE),--graine $(GRAINE)) \
	  $(if $(PANNES),--pannes "$(PANNES)") $(if $(POINTS),--points $(POINTS)) $(if $(PART),--part $(PART)) \
	  $(if $(HOSTILES),--hostiles $(HOSTILES)) $(if $(DEBIT),--debit $(DEBIT)) $(if $(VOIES),--voies $(VOIES)) \
	  $(if $(ECHELLE),--echelle $(ECHELLE))

controles: installer ## is the witness worth its word? seeded bugs, each of which a campaign must catch; NOMS="01 05"
	@$(BIN)/python -m deploy.campagne.controles $(NOMS)

contrats: installer ## write again the JSON Schemas and the AsyncAPI document from the models
	@$(BIN)/python -m contracts.documents

format: installer ## format the code
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet .

lock: installer ## resolve the dependencies again
	@$(BIN)/uv pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 --upgrade -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --quiet --extra dev -c requirements.lock --generate-hashes \
	  --no-emit-index-url --no-header --python-version 3.11 --upgrade -o requirements-dev.lock
