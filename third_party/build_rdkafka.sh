#!/usr/bin/env bash
# Builds the pinned librdkafka in WORK (an empty directory, no space in its name); leaves the result in WORK/out.
# Run by fetch.sh, which puts it into the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/pins.sh"
cd "$1"
unset MAKEFLAGS MAKELEVEL MFLAGS CPPFLAGS CXXFLAGS LDFLAGS LIBS

npm pack --silent "$RDKAFKA_PACKAGE@$RDKAFKA_PACKAGE_VERSION" >name
mv "$(tail -n1 name)" package.tgz
printf '%s  package.tgz\n' "$RDKAFKA_TGZ_SHA256" | sha256sum --check --quiet
tar xzf package.tgz package/deps/librdkafka

cd package/deps/librdkafka
# Without C11 threads: the thread sanitizer knows nothing of a thread that thrd_create starts, and dies in it. On Linux both kinds
# are the same.
CFLAGS=$RDKAFKA_CFLAGS ./configure $RDKAFKA_CONFIGURE --disable-c11threads
for feature in WITH_SSL WITH_ZLIB WITH_ZSTD WITH_CURL WITH_LZ4_EXT WITH_SASL_SCRAM WITH_SASL_OAUTHBEARER; do
  grep -qE "^#define $feature 1" config.h || { echo "librdkafka would be built without $feature"; exit 1; }
done
if grep -qE "^#define WITH_C11THREADS 1" config.h; then echo "librdkafka would be built with C11 threads"; exit 1; fi
make -C src -j"$(nproc)" librdkafka.a

out=$1/out
mkdir -p "$out/include/librdkafka" "$out/lib"
cp src/rdkafka.h src/rdkafka_mock.h "$out/include/librdkafka/"
cp src/librdkafka.a "$out/lib/"
cp LICENSE LICENSES.txt "$out/"
