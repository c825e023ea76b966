#pragma once
// Loads pipeline and contract files: reads, checks and resolves everything that can be known without running,
// and reports every problem at once. A spec that comes out is complete: defaults filled in, paths absolute,
// references known.
//
// Errors: Diagnostics in the order of the file; any bytes as a file give Diagnostics, never an exception.
// Threads: any, as long as nobody changes the environment.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/contract_spec.h"
#include "config/diagnostic.h"
#include "config/interpolate.h"
#include "config/pipeline_spec.h"

namespace weir {

struct LoadOptions {
  std::vector<std::string> overlays;  // files laid over the pipeline's, in this order
  std::vector<std::string> sets;      // "sources.payments.max_records=1000", after the overlays
  Environment environment = process_environment();
  // false: references are not resolved (a check on a machine without the secrets). Such a spec must not run.
  bool resolve_references = true;
  // What other folders know better; each says what is wrong, empty: nothing. Unset: not checked.
  std::function<std::string(const FieldSpec& field)> check_field;            // of a contract (formats)
  std::function<std::string(const std::string& name)> check_kafka_property;  // of a connection (connectors)
};

// Where each value of a spec was written: "steps.big.filter" -> file, line, column.
class SpecPlaces {
 public:
  struct At {
    std::string file;
    int line = 0;
    int column = 0;
  };
  void add(std::string path, At at) { places_[std::move(path)] = std::move(at); }
  // All of `inner`, as what stands below `path`.
  void add_below(const std::string& path, const SpecPlaces& inner);
  // Of the path, or of the nearest that is around it.
  std::optional<At> find(std::string_view path) const;
  // A problem found later (an SQL expression that does not compile), placed.
  Diagnostic problem(std::string path, std::string message, Severity severity = Severity::error) const;

 private:
  std::map<std::string, At, std::less<>> places_;
};

struct Loaded {
  PipelineSpec spec;
  Diagnostics lints;
  SpecPlaces places;
};

struct LoadedContract {
  ContractSpec contract;
  Diagnostics lints;
  SpecPlaces places;
};

tl::expected<Loaded, Diagnostics> load_pipeline(const std::string& path, const LoadOptions& options = {});
tl::expected<LoadedContract, Diagnostics> load_contract(const std::string& path, const LoadOptions& options = {});

// Whether the file is a contract: it has `fields` and no `sources`. Anything else counts as a pipeline.
bool is_contract_file(const std::string& path);

// The same for a text at hand; `name` stands for the file in messages, `folder` is where its relative paths
// start.
tl::expected<Loaded, Diagnostics> load_pipeline_text(std::string_view text, const std::string& name,
                                                     const std::string& folder, const LoadOptions& options = {});
tl::expected<LoadedContract, Diagnostics> load_contract_text(std::string_view text, const std::string& name,
                                                             const LoadOptions& options = {});

}  // namespace weir
