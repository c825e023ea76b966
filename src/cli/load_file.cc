#include "cli/load_file.h"

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/hash.h"
#include "config/canonical.h"
#include "connectors/kafka_properties.h"
#include "formats/contract.h"

namespace weir {
namespace {

std::string fault_of(const Status& status) { return status ? "" : status.error().message; }

}  // namespace

void add_file_options(CLI::App& verb, FileOptions& options) {
  verb.add_option("FILE", options.file, "The pipeline's YAML file")->required();
  verb.add_option("--overlay", options.overlays, "A file laid over FILE: its values win");
  verb.add_option("--set", options.sets, "One value, as path=value; wins over overlays");
}

LoadOptions load_options(const FileOptions& options) {
  LoadOptions load;
  load.overlays = options.overlays;
  load.sets = options.sets;
  load.check_field = [](const FieldSpec& field) { return fault_of(check_field(field)); };
  load.check_kafka_property = [](const std::string& name) { return fault_of(check_kafka_property(name)); };
  return load;
}

std::optional<Loaded> load_or_explain(const FileOptions& options) {
  auto loaded = load_pipeline(options.file, load_options(options));
  if (!loaded) {
    fmt::print(stderr, "{}", to_string(loaded.error()));
    return std::nullopt;
  }
  fmt::print(stderr, "{}", to_string(loaded->lints));
  return std::move(*loaded);
}

PipelineText text_of(const PipelineSpec& spec) {
  PipelineText out;
  out.text = canonical_text(spec);
  out.hash = to_hex(hash64(out.text));
  return out;
}

}  // namespace weir
