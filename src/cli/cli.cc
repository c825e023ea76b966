#include "cli/cli.h"

#include <CLI/CLI.hpp>

#include "base/crash_point.h"
#include "cli/verbs.h"

namespace weir {

int run_cli(int argc, char** argv) {
  CLI::App app("Weir runs streaming pipelines written as YAML: Kafka in, contract, steps, exactly-once out.", "weir");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of every verb");
  int exit_code = exit_done;
  add_run(app, exit_code);
  add_check(app, exit_code);
  add_explain(app, exit_code);
  add_schema(app, exit_code);
  add_demo(app, exit_code);
  add_version(app, exit_code);
  if (test_build) add_crash_points(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_done : exit_wrong_file;
  }
  return exit_code;
}

}  // namespace weir
