#!/usr/bin/env bash
# Runs each fuzz target of build/fuzz: fuzz/run.sh [SECONDS [NAME...]]. What it finds is left in build/fuzz/found.
# `canary` must fail, every other target must not.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-30}
[ $# -eq 0 ] || shift
found=build/fuzz/found
mkdir -p "$found"
passed=0 failed=0

for program in build/fuzz/targets/weir_*_fuzz; do
  name=$(basename "$program")
  name=${name#weir_} name=${name%_fuzz}
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  arguments=(-max_total_time="$seconds" -timeout=25 -rss_limit_mb=4096 -print_final_stats=0 -verbosity=0
    -artifact_prefix="$found/$name-" "$corpus")
  [ -d "fuzz/corpus/$name" ] && arguments+=("fuzz/corpus/$name")
  [ -f "fuzz/$name.dict" ] && arguments=(-dict="fuzz/$name.dict" "${arguments[@]}")
  log=$found/$name.log
  if [ "$name" = canary ]; then
    # Until it finds the planted bug, and at most 60 s.
    if "$program" -max_total_time=60 -verbosity=0 -artifact_prefix="$found/$name-" "$corpus" >"$log" 2>&1 </dev/null; then
      echo "fuzz: canary: the planted bug was not found"
      failed=$((failed + 1))
    else
      echo "fuzz: canary: the planted bug was found, as it must be"
      passed=$((passed + 1))
    fi
    rm -f "$found/$name-"*
  elif "$program" "${arguments[@]}" >"$log" 2>&1 </dev/null; then
    echo "fuzz: $name: nothing found in $seconds s"
    passed=$((passed + 1))
  else
    echo "fuzz: $name: FAILED"
    tail -n 40 "$log"
    ls "$found/$name-"* 2>/dev/null
    failed=$((failed + 1))
  fi
done
[ $((passed + failed)) -gt 0 ] || { echo "fuzz: nothing is built: make fuzz"; exit 1; }
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
