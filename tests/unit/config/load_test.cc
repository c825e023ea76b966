#include "config/load.h"

#include <string>

#include <catch2/catch.hpp>

namespace weir {
namespace {

constexpr std::string_view head = "version: 1\nname: p\nowner: o\n";
constexpr std::string_view tail =
    "sinks: { out: { from: in, type: console } }\ncheckpoint: { path: state }\ndead_letter: { type: console }\n";

Loaded load(const std::string& middle, const LoadOptions& options = {}) {
  auto loaded = load_pipeline_text(std::string(head) + middle + std::string(tail), "p.yaml", "/pipelines", options);
  INFO((loaded ? std::string() : to_string(loaded.error())));
  REQUIRE(loaded);
  return std::move(*loaded);
}

const std::string kafka = R"(
connections: { main: { type: kafka, brokers: ["k:9092"], security: { protocol: SASL_SSL, username: u, password: "${env:SECRET}" } } }
sources:
  in:
    type: kafka
    connection: main
    topics: [t]
    format: { type: json, contract: { fields: { id: { type: int64 } } } }
)";

LoadOptions with_secret() {
  LoadOptions options;
  options.environment = [](const std::string&) { return std::optional<std::string>("canary"); };
  return options;
}

}  // namespace

TEST_CASE("what a file leaves out has its default") {
  const PipelineSpec spec = load("sources: { in: { type: rate } }\n").spec;
  CHECK(spec.trigger.kind == TriggerSpec::Kind::as_fast_as_possible);
  CHECK(spec.resources.memory == Bytes(std::uint64_t{1} << 30));
  CHECK(spec.sources[0].rate.partitions == 1);
  CHECK_FALSE(spec.sources[0].rate.rows);
  CHECK(spec.sinks[0].console.rows == 20);
  CHECK(spec.sinks[0].timeout == std::chrono::seconds(60));
  CHECK(spec.checkpoint.path == "/pipelines/state");
  CHECK_FALSE(spec.stop_if);
}

TEST_CASE("a Kafka source comes out as written") {
  const PipelineSpec spec = load(kafka +
                                     "    start: { t: { 0: 12, 3: 7 } }\n    on_data_loss: continue\n    metadata: "
                                     "[headers, key]\n    rate: { per_partition: 9 }\n",
                                 with_secret())
                                .spec;
  const KafkaSourceSpec& source = spec.sources[0].kafka;
  CHECK(source.start.kind == StartSpec::Kind::offsets);
  CHECK(source.start.offsets.at("t").at(3) == 7);
  CHECK(source.on_data_loss == OnDataLoss::go_on);
  CHECK(source.metadata == std::vector{MetadataColumn::headers, MetadataColumn::key});
  CHECK(source.rate.per_partition == 9);
  CHECK(source.format.contract.fields[0].type == "int64");
  CHECK(spec.connections[0].security.protocol == SecurityProtocol::sasl_ssl);
  CHECK(spec.connections[0].security.password.reveal() == "canary");
  CHECK(spec.connections[0].security.password.reference() == "${env:SECRET}");
}

TEST_CASE("start may be a word or a point in time") {
  const auto start = [](const std::string& text) {
    return load(kafka + "    start: " + text + "\n", with_secret()).spec.sources[0].kafka.start;
  };
  CHECK(start("latest").kind == StartSpec::Kind::latest);
  CHECK(start("1970-01-01T00:00:01Z").kind == StartSpec::Kind::timestamp);
  CHECK(start("\"1970-01-01T00:00:01Z\"").timestamp == Micros(1'000'000));
}

TEST_CASE("a step reads the entry before unless it says otherwise") {
  const PipelineSpec spec =
      load(
          "sources: { in: { type: rate } }\nsteps:\n  - { name: a, filter: x }\n  - { name: b, select: { y: z, \"*\": "
          "true, w: v } }\n  - { name: c, from: a, expect: { e: { check: x, owner: o, on_fail: fail } } }\n")
          .spec;
  CHECK(spec.steps[0].from == "in");
  CHECK(spec.steps[1].from == "a");
  CHECK(spec.steps[2].from == "a");
  CHECK(std::get<FilterSpec>(spec.steps[0].body).condition == "x");
  const auto& select = std::get<SelectSpec>(spec.steps[1].body);
  CHECK(select.all);
  CHECK(select.columns == std::vector<std::pair<std::string, std::string>>{{"y", "z"}, {"w", "v"}});
  CHECK(std::get<ExpectSpec>(spec.steps[2].body).rules[0].on_fail == OnFail::fail);
}

TEST_CASE("each trigger is told apart") {
  const auto trigger = [](const std::string& text) {
    return load("sources: { in: { type: rate } }\ntrigger: " + text + "\n").spec.trigger;
  };
  CHECK(trigger("{ every: 5s }").kind == TriggerSpec::Kind::every);
  CHECK(trigger("{ fixed: 5s }").interval == std::chrono::seconds(5));
  CHECK(trigger("once").kind == TriggerSpec::Kind::once);
  CHECK(trigger("available_now").kind == TriggerSpec::Kind::available_now);
}

TEST_CASE("places lead back to the file, for problems found later") {
  const SpecPlaces places = load("sources: { in: { type: rate } }\nsteps:\n  - name: big\n    filter: x\n").places;
  CHECK(to_string(places.problem("steps.big.filter", "no such column")) ==
        "p.yaml:7:13: steps.big.filter: no such column");
  CHECK(to_string(places.problem("steps.big.filter.deeper[3]", "m")) == "p.yaml:7:13: steps.big.filter.deeper[3]: m");
  CHECK(places.find("steps.big.select")->line == 6);
}

TEST_CASE("a field's type and a property are asked about elsewhere") {
  LoadOptions options = with_secret();
  options.check_field = [](const FieldSpec& field) { return field.type == "int64" ? "the type is wrong" : ""; };
  const auto loaded = load_pipeline_text(std::string(head) + kafka + std::string(tail), "p.yaml", "/", options);
  REQUIRE_FALSE(loaded);
  CHECK(to_string(loaded.error()) == "p.yaml:11:61: sources.in.format.contract.fields.id.type: the type is wrong\n");
  options.check_field = nullptr;
  options.check_kafka_property = [](const std::string& name) { return name + " is not allowed"; };
  std::string text = std::string(head) + kafka + std::string(tail);
  text.replace(text.find("brokers:"), 8, "properties: { group.id: x }, brokers:");
  const auto again = load_pipeline_text(text, "p.yaml", "/", options);
  REQUIRE_FALSE(again);
  CHECK(to_string(again.error()).find("properties[\"group.id\"]: group.id is not allowed") != std::string::npos);
}

TEST_CASE("references may stay unresolved where secrets are absent") {
  LoadOptions options;
  options.environment = [](const std::string&) { return std::optional<std::string>(); };
  CHECK_FALSE(load_pipeline_text(std::string(head) + kafka + std::string(tail), "p.yaml", "/", options));
  options.resolve_references = false;
  std::string text = std::string(head) + kafka + "trigger: { every: \"${env:T}\" }\nrunbook: \"${file:/no/such}\"\n" +
                     std::string(tail);
  const auto loaded = load_pipeline_text(text, "p.yaml", "/", options);
  INFO((loaded ? std::string() : to_string(loaded.error())));
  CHECK(loaded);
}

TEST_CASE("a file that cannot be read is a problem, not a crash") {
  for (const char* path : {"no/such/file.yaml", ".", "/dev/null", ""}) {
    INFO(path);
    const auto loaded = load_pipeline(path);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().size() == 1);
  }
}

TEST_CASE("an endless file of problems ends") {
  std::string text(head);
  for (int i = 0; i < 5000; ++i) text += "unknown_" + std::to_string(i) + ": 1\n";
  const auto loaded = load_pipeline_text(text, "p.yaml", "/");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().size() == 1001);
  CHECK(loaded.error().back().message.find("more problems") != std::string::npos);
}

TEST_CASE("problems make one error") {
  const auto loaded = load_pipeline_text("version: 2\n", "p.yaml", "/");
  REQUIRE_FALSE(loaded);
  const Error error = to_error(loaded.error());
  CHECK(error.fault == Fault::config);
  CHECK(error.place == "p.yaml:1:1");
  CHECK(error.text().find("\np.yaml:1:10: version: \"2\" is too large") != std::string::npos);
}

}  // namespace weir
