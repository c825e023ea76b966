#include "pipeline/used_fields.h"

#include <catch2/catch.hpp>

#include "config/load.h"

namespace weir {
namespace {

using Names = std::vector<std::string>;

const std::string head = R"yaml(version: 1
name: p
connections: { main: { type: kafka, brokers: ["no-such-host.invalid:9092"] } }
sources:
  in:
    type: kafka
    connection: main
    topics: [t]
    watermark: { column: At, delay: 1m }
    format: { type: json, contract: { fields: { id: { type: int64 }, ride_id: { type: int64 }, note: { type: string }, At: { type: timestamp }, größe: { type: double } } } }
)yaml";

std::optional<Names> used(const std::string& rest) {
  const auto loaded = load_pipeline_text(head + rest, "p.yaml", "/tmp");
  INFO((loaded ? std::string() : to_string(loaded.error())));
  REQUIRE(loaded);
  return used_fields(loaded->spec, loaded->spec.sources[0]);
}

TEST_CASE("where rows reach a sink whole, all fields are used") {
  CHECK_FALSE(used("sinks: { out: { from: in, type: console } }\n"));
  CHECK_FALSE(used(R"yaml(steps:
  - { name: a, filter: "id > 5" }
  - { name: b, dedup: { key: [id] } }
  - { name: c, select: { "*": true, day: "DATE '2026-01-31'" } }
sinks: { out: { from: c, type: console } }
)yaml"));
  CHECK_FALSE(used(R"yaml(steps:
  - { name: a, filter: "id > 5" }
  - { name: b, select: { id: id } }
sinks: { out: { from: b, type: console }, raw: { from: a, type: console } }
)yaml"));
}

TEST_CASE("behind a select or an aggregate only what is named is used, with the event time") {
  CHECK(used(R"yaml(steps:
  - { name: a, filter: "ID > 5" }
  - { name: b, select: { day: "DATE '2026-01-31'" } }
sinks: { out: { from: b, type: console } }
)yaml") == Names{"id", "At", "größe"});
  CHECK(used(R"yaml(steps:
  - { name: a, expect: { e: { check: "length(note)>0" } } }
  - { name: b, dedup: { key: [ride_id] } }
  - { name: c, aggregate: { window: { tumbling: 1m }, by: [{ k: "id % 2" }], select: { n: "count(*)" } } }
  - { name: d, select: { n: n } }
sinks: { out: { from: d, type: console } }
)yaml") == Names{"id", "ride_id", "note", "At", "größe"});
}

TEST_CASE("a name counts where it is a word of its own") {
  CHECK(used(R"yaml(steps: [ { name: b, select: { x: '"ride_id" + 1' } } ]
sinks: { out: { from: b, type: console } }
)yaml") == Names{"ride_id", "At", "größe"});
}

}  // namespace
}  // namespace weir
