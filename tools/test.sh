#!/usr/bin/env bash
# Runs the tests of a built preset: tools/test.sh PRESET [PYTEST_FOLDER...]. ctest first, then pytest; both run whatever the first
# one found, and the exit code is 0 only when both passed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=$1
shift
failed=0

tools/venv.sh >/dev/null || exit 1
ctest --preset "$preset" -j2 </dev/null || failed=1
if [ "$preset" = debug ]; then "$(tools/venv.sh)" -m pytest -q -p no:cacheprovider spark/tests </dev/null || failed=1; fi

folders=()
for folder in "$@"; do
  [ -n "$(find "$folder" -name 'test_*.py' -print -quit 2>/dev/null)" ] && folders+=("$folder")
done
if [ ${#folders[@]} -gt 0 ]; then
  python=$(tools/venv.sh) || exit 1
  WEIR_BIN=$PWD/build/$preset/weir "$python" -m pytest -q -ra --durations=5 "${folders[@]}" </dev/null || failed=1
fi
exit $failed
