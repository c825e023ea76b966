#!/usr/bin/env bash
# Brings the pinned DuckDB and librdkafka into the shared cache and prints where they are:
#   DUCKDB_DIR=...    duckdb.h and the static archives
#   RDKAFKA_DIR=...   include/librdkafka/*.h and lib/librdkafka.a
# Both are made aside and renamed into place under a lock: two runs at once, or one that is killed, do no harm.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/pins.sh"

say() { printf 'third_party: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
need() { command -v "$1" >/dev/null || die "$1 is missing: run 'make setup'"; }

cache=${WEIR_DEPS:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/weir/deps}
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || cache=$here/../.cache/deps
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

case $(uname -m) in
  x86_64) arch=amd64 ;;
  aarch64) arch=arm64 ;;
  *) die "no pinned DuckDB for $(uname -m): only x86_64 and aarch64" ;;
esac

scratch= work=
cleanup() {
  [ -z "$work" ] || rm -rf "$work"
  [ -z "$scratch" ] || { chmod -R u+w "$scratch" && rm -rf "$scratch"; }
}
trap cleanup EXIT

# The module's sum must be the one in go.sum: `go` checks it too, unless a setting of this machine turned that off.
fetch_duckdb() {
  local to=$1 module=$DUCKDB_MODULE/linux-$arch version json dir sum left_out
  need go
  version=$(awk -v m="$module" '$1 == m {print $2}' "$here/go.mod")
  say "DuckDB $DUCKDB_VERSION ($module $version)"
  json=$(cd "$here" && GOFLAGS= GOWORK=off go mod download -json "$module") || die "go mod download failed: $json"
  dir=$(printf '%s\n' "$json" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
  sum=$(printf '%s\n' "$json" | sed -n 's/^\t"Sum": "\(.*\)",\{0,1\}$/\1/p')
  [ -f "$dir/duckdb.h" ] || die "no duckdb.h in $module $version"
  grep -qxF "$module $version $sum" "$here/go.sum" || die "$module $version has sum $sum, which is not in go.sum"
  mkdir "$to"
  cp "$dir"/duckdb.h "$dir"/LICENSE "$dir"/*.a "$to"/
  for left_out in $DUCKDB_LEFT_OUT; do rm "$to/lib$left_out.a"; done
  chmod -R u+w "$to"
}

# Built in a directory without spaces: librdkafka's configure does not take them.
fetch_rdkafka() {
  local to=$1
  need npm; need make; need cc
  work=$(mktemp -d /tmp/weir-rdkafka.XXXXXX)
  say "librdkafka $RDKAFKA_VERSION: building it once (about a minute)"
  if ! bash "$here/build_rdkafka.sh" "$work" >"$work/log" 2>&1 </dev/null; then
    tail -n 40 "$work/log" >&2
    die "librdkafka could not be built"
  fi
  cp -r "$work/out" "$to"
  rm -rf "$work"
  work=
}

# bring NAME KEY FUNCTION: the directory NAME-KEY of the cache, made by FUNCTION if it is not there yet.
bring() {
  local name=$1 key=$2 make=$3 dir
  dir=$cache/$name-$key
  if [ ! -d "$dir" ]; then
    exec 9>"$cache/$name.lock"
    flock 9
    if [ ! -d "$dir" ]; then
      rm -rf "$cache/.making-$name."*  # what a killed run left; the lock says that none is at work
      scratch=$(mktemp -d "$cache/.making-$name.XXXXXX")
      "$make" "$scratch/result"
      mv -T "$scratch/result" "$dir"
      rm -rf "$scratch"
      scratch=
    fi
    exec 9>&-
  fi
  printf '%s_DIR=%s\n' "$(printf %s "$name" | tr a-z A-Z)" "$dir"
}

# The key of librdkafka holds all that the archive depends on: sources, flags, recipe, compiler, system.
system=$(. /etc/os-release 2>/dev/null && printf '%s%s' "${ID:-linux}" "${VERSION_ID:-}")
flags=$({ cat "$here/pins.sh" "$here/build_rdkafka.sh"; printf '%s\n' "$(cc -dumpfullversion)" "$system"; } | sha256sum | cut -c1-12)
sums=$(cat "$here/go.sum" "$here/pins.sh" | sha256sum | cut -c1-12)
bring duckdb "$DUCKDB_VERSION-$arch-$sums" fetch_duckdb
bring rdkafka "$RDKAFKA_VERSION-$arch-$flags" fetch_rdkafka
