#!/usr/bin/env bash
# Installs the Debian packages that are missing: tools/setup.sh [build] [test] [lint]. Says nothing when all are there.
#   build  to build and run Weir (what `make demo` needs)
#   test   for the tests: Java for a real Kafka broker, openssl for its certificates, Python's venv
#   lint   clang 19, for format, tidy and fuzzing
set -euo pipefail

build=(ca-certificates g++ cmake ninja-build ccache mold make pkg-config
  librocksdb-dev libyaml-cpp-dev libsimdjson-dev libre2-dev libspdlog-dev libfmt-dev prometheus-cpp-dev libcli11-dev
  libexpected-dev libxxhash-dev nlohmann-json3-dev libssl-dev libzstd-dev liblz4-dev libcurl4-openssl-dev zlib1g-dev)
test=(catch2 python3)
lint=(clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev)

# Tools that may be here from elsewhere than Debian: the package only when the command is missing.
has() { command -v "$1" >/dev/null 2>&1; }
has go || build+=(golang-go)
has npm || build+=(nodejs npm)
has java || test+=(default-jre-headless)
has mvn || test+=(maven)
has openssl || test+=(openssl)
python3 -c 'import venv, ensurepip' 2>/dev/null || test+=(python3-venv)

wanted=()
[ $# -gt 0 ] || set -- build
for group in "$@"; do
  case $group in
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    lint) wanted+=("${lint[@]}") ;;
    *) echo "setup: no group '$group' (build, test, lint)" >&2; exit 2 ;;
  esac
done

has dpkg-query || { echo "setup: Weir is built on Debian 12; here, install by hand: ${wanted[*]}" >&2; exit 1; }
missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  has sudo || { echo "setup: become root and run: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q)
"${apt[@]}" update </dev/null
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null
