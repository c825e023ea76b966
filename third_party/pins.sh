# What third_party/fetch.sh brings, and the sums it must have. Sourced, not run.
# DuckDB's version and sums are in go.mod and go.sum beside this file.
DUCKDB_VERSION=1.5.5
DUCKDB_MODULE=github.com/duckdb/duckdb-go-bindings/lib
DUCKDB_LEFT_OUT="tpch_extension tpcds_extension duckdb_jemalloc"

RDKAFKA_VERSION=2.15.1
RDKAFKA_PACKAGE=@confluentinc/kafka-javascript
RDKAFKA_PACKAGE_VERSION=1.10.1
RDKAFKA_TGZ_SHA256=ada7d703bb1d3237e2292bfabf438d663b6160c9f1ac2a2406b5dc4257c81b66
# Without --enable-static: that one links its dependencies statically, and takes its own lz4 instead of the system's.
RDKAFKA_CONFIGURE="--disable-gssapi --disable-debug-symbols"
RDKAFKA_CFLAGS="-O2 -fPIC -fno-omit-frame-pointer -fstack-protector-strong -D_FORTIFY_SOURCE=2"
