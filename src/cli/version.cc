#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <generated/version.h>

#include "base/crash_point.h"
#include "base/json.h"
#include "cli/verbs.h"

namespace weir {

void add_version(CLI::App& app, int&) {
  CLI::App* const verb = app.add_subcommand("version", "Print the version");
  const auto json = std::make_shared<bool>(false);
  verb->add_flag("--json", *json, "As JSON");
  verb->callback([json] {
    if (*json) {
      const Json out{{"version", WEIR_VERSION}, {"commit", WEIR_COMMIT}, {"test_build", test_build}};
      fmt::print("{}\n", dump_json(out));
      return;
    }
    fmt::print("weir {} ({}){}\n", WEIR_VERSION, WEIR_COMMIT, test_build ? ", a test build with crash points" : "");
  });
}

}  // namespace weir
