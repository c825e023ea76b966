#!/usr/bin/env bash
# Makes the tests' Python environment .cache/venv from tests/requirements.txt, anew when that file changed. Prints its python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=.cache/venv
stamp=$(cat tests/requirements.txt <(python3 --version) | sha256sum | cut -c1-16)
mkdir -p .cache
exec 9>.cache/venv.lock
flock 9
if [ "$(cat "$venv/weir-stamp" 2>/dev/null)" != "$stamp" ]; then
  echo "venv: installing tests/requirements.txt" >&2
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt >&2
  printf '%s' "$stamp" >"$venv/weir-stamp"
fi
printf '%s\n' "$venv/bin/python"
