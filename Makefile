# What there is to do in a checkout. Needs make and Python 3.11 or later; uv is fetched into .uv/ when there is none.

# uv must not look for a Python to download: the one that is here is used.
export UV_PYTHON_DOWNLOADS = never
# Certificates that this machine trusts, such as those of a company's proxy, count for uv too.
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/ca-certificates.crt),true,false)

UV := $(shell uv --version >/dev/null 2>&1 && command -v uv)
ifeq ($(UV),)
UV := .uv/bin/uv
fetched := $(UV)
endif

# Settings for `make run` and `make demo`, explained in .env.example.
settings := $(if $(wildcard .env),--env-file .env)
product := $(UV) run --frozen --no-dev $(settings) tellykeep
dev := $(UV) run --frozen

.DEFAULT_GOAL := help
.PHONY: help run demo demo-once test lint schema vendor audit sbom image screenshots

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: $(fetched) ## start Tellykeep on http://localhost:8787 with its own PostgreSQL; data in data/
	@$(product) serve

demo: $(fetched) ## the same on throw-away data, with a simulated Plex server that watches TV
	@$(product) demo

demo-once: $(fetched) ## play the demo's script once, check every outcome, and exit
	@$(product) demo --once

# Most tests wait for processes to start: three at a time suit two processors. A file stays with one of them.
JOBS ?= 3

test: $(fetched) ## the tests; ARGS="-k words" and the like go to pytest
	@$(dev) pytest -n $(JOBS) --dist loadfile $(ARGS)

lint: $(fetched) ## linter, formatter and type checker
	@$(dev) ruff check
	@$(dev) ruff format --check
	@$(dev) mypy
	@$(dev) mypy healthcheck.py deploy

schema: $(fetched) ## write sql/schema.sql anew from the migrations
	@$(dev) pytest -q tests/schema --update-schema

vendor: $(fetched) ## renew the third-party files of the pages (needs npm)
	@$(dev) python tools/vendor.py

screenshots: $(fetched) ## take the README's pictures of the demo anew (needs Chromium)
	@$(dev) python tools/screenshots.py

audit: $(fetched) ## look the locked dependencies up among known vulnerabilities (needs the internet)
	@UV="$(UV)" sh deploy/audit.sh

sbom: $(fetched) ## write sbom.json (CycloneDX): every dependency with its version and hashes
	@$(UV) export --frozen --no-dev --quiet --format cyclonedx1.5 --output-file sbom.json && echo "sbom.json is written"

image: ## build the container image
	@docker build -t tellykeep .

.uv/bin/uv:
	@echo "fetching uv"
	@python3 deploy/fetch_uv.py .uv
