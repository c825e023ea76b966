#include "config/merge.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "config/load.h"

namespace weir {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/weir-merge-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& content) const {
    const std::filesystem::path path = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
    return path.string();
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr const char* pipeline = R"(version: 1
name: p
owner: o
sources: { in: { type: rate, partitions: 2, rows: 5 } }
steps:
  - { name: a, filter: x }
  - { name: b, filter: y }
sinks: { out: { from: b, type: file, path: out } }
dead_letter: { type: console }
checkpoint: { path: state }
)";

tl::expected<Loaded, Diagnostics> load(const Folder& folder, LoadOptions options) {
  return load_pipeline(folder.write("p.yaml", pipeline), options);
}

std::string error_of(const tl::expected<Loaded, Diagnostics>& loaded) {
  return loaded ? "no error" : to_string(loaded.error());
}

}  // namespace

TEST_CASE("an overlay merges maps, replaces the rest and removes with null") {
  const Folder folder;
  LoadOptions options;
  options.overlays = {
      folder.write("env/prod.yaml",
                   "sources: { in: { partitions: 8, rows: null } }\nsinks: { out: { path: lake } }\ntrigger: once\n")};
  const auto loaded = load(folder, options);
  INFO(error_of(loaded));
  REQUIRE(loaded);
  CHECK(loaded->spec.sources[0].rate.partitions == 8);
  CHECK_FALSE(loaded->spec.sources[0].rate.rows);
  CHECK(loaded->spec.sinks[0].file.path == folder.path() + "/lake");
  CHECK(loaded->spec.trigger.kind == TriggerSpec::Kind::once);
}

TEST_CASE("a mistake in an overlay has the overlay's place") {
  const Folder folder;
  LoadOptions options;
  options.overlays = {folder.write("prod.yaml", "\nsources: { in: { partitions: many } }\n")};
  CHECK(error_of(load(folder, options)).find("prod.yaml:2:30: sources.in.partitions: wants a whole number") !=
        std::string::npos);
  options.overlays = {folder.path() + "/none.yaml"};
  CHECK(error_of(load(folder, options)).find("none.yaml: cannot be read") != std::string::npos);
}

TEST_CASE("--set changes one value, steps by name or number") {
  const Folder folder;
  LoadOptions options;
  options.sets = {"sources.in.rows=7", "steps.b.filter=z > 1", "steps.0.filter=\"q\"", "sinks.out.timeout=4s",
                  "sinks.out.partition_by=[d]"};
  const auto loaded = load(folder, options);
  INFO(error_of(loaded));
  REQUIRE(loaded);
  CHECK(loaded->spec.sources[0].rate.rows == 7);
  CHECK(std::get<FilterSpec>(loaded->spec.steps[1].body).condition == "z > 1");
  CHECK(std::get<FilterSpec>(loaded->spec.steps[0].body).condition == "q");
  CHECK(loaded->spec.sinks[0].timeout == std::chrono::seconds(4));
  CHECK(loaded->spec.sinks[0].file.partition_by == std::vector<std::string>{"d"});
}

TEST_CASE("--set with nothing removes a key") {
  const Folder folder;
  LoadOptions options;
  options.sets = {"sources.in.rows=", "dead_letter="};
  const auto loaded = load(folder, options);
  INFO(error_of(loaded));
  REQUIRE(loaded);
  CHECK_FALSE(loaded->spec.sources[0].rate.rows);
  CHECK_FALSE(loaded->spec.dead_letter);
}

TEST_CASE("a wrong --set is named") {
  const Folder folder;
  const auto error = [&](const std::string& text) {
    LoadOptions options;
    options.sets = {text};
    return error_of(load(folder, options));
  };
  CHECK(error("sources.in.rows").find("--set sources.in.rows:1:1: no assignment") != std::string::npos);
  CHECK(error("=5").find("no assignment") != std::string::npos);
  CHECK(error("steps.c.filter=x").find("there is no \"c\" to set") != std::string::npos);
  CHECK(error("name.deeper=x").find("there is no \"deeper\" to set") != std::string::npos);
  CHECK(error("sources.in.row=5").find("sources.in.row: unknown key; did you mean \"rows\"?") != std::string::npos);
  CHECK(error("sources.in.rows=[1").find("--set sources.in.rows:1:") != std::string::npos);
}

TEST_CASE("includes bring connections and contracts, with paths of their own folder") {
  const Folder folder;
  folder.write("shared/contracts/c.yaml", "name: c\nowner: o\nfields: { id: { type: int64 } }\n");
  folder.write("shared/all.yaml",
               "connections: { main: { type: kafka, brokers: [\"k:1\"], security: { protocol: SSL, ca_file: ca.pem } "
               "}, unused: { type: kafka, brokers: [\"k:1\"] } }\ncontracts: { c: contracts/c.yaml }\n");
  const std::string file = folder.write("p/p.yaml", R"(version: 1
name: p
owner: o
include: [../shared/all.yaml]
sources: { in: { type: kafka, connection: main, topics: [t], format: { type: json, contract: c } } }
sinks: { out: { from: in, type: console } }
dead_letter: { type: console }
checkpoint: { path: state }
)");
  const auto loaded = load_pipeline(file);
  INFO(error_of(loaded));
  REQUIRE(loaded);
  CHECK(loaded->lints.empty());  // what an included file brings need not be used
  CHECK(loaded->spec.connections[0].security.ca_file == folder.path() + "/shared/ca.pem");
  CHECK(loaded->spec.sources[0].kafka.format.contract.name == "c");
  CHECK(loaded->spec.sources[0].kafka.format.contract_file == folder.path() + "/shared/contracts/c.yaml");
}

}  // namespace weir
