#pragma once
// Reads a pipeline file for a verb: prints every problem to stderr and says whether it can run.
//
// Threads: the main thread.

#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "pipeline/runner.h"

namespace CLI {
class App;
}

namespace weir {

struct FileOptions {
  std::string file;
  std::vector<std::string> overlays;
  std::vector<std::string> sets;
};

// Adds FILE, --overlay and --set to a verb.
void add_file_options(CLI::App& verb, FileOptions& options);

// How every verb loads: overlays, values, and the checks of types and properties.
LoadOptions load_options(const FileOptions& options);

// Nothing, after its problems were printed, when the file is wrong.
std::optional<Loaded> load_or_explain(const FileOptions& options);

PipelineText text_of(const PipelineSpec& spec);

}  // namespace weir
