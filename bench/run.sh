#!/usr/bin/env bash
# Measures the release build: see run.py. `make bench` builds it first.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh test
python=$(tools/venv.sh)
exec "$python" bench/run.py "$@"
