#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/crash_point.h"
#include "cli/verbs.h"

namespace weir {

void add_crash_points(CLI::App& app, int&) {
  CLI::App* const verb = app.add_subcommand("crash-points", "List the named crash points (test builds only)");
  verb->callback([] {
    for (const std::string_view name : crash_points()) fmt::print("{}\n", name);
  });
}

}  // namespace weir
