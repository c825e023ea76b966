#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/load_file.h"
#include "cli/verbs.h"
#include "pipeline/check_graph.h"

namespace weir {
namespace {

struct CheckOptions {
  std::vector<std::string> files;
  FileOptions file;
  bool strict = false;
  bool without_secrets = false;
  bool json = false;
};

// The file's own problems; where it has none but lints, those of its SQL, schemas and parts.
Diagnostics check_pipeline_file(const std::string& file, const LoadOptions& options) {
  auto loaded = load_pipeline(file, options);
  if (!loaded) return std::move(loaded.error());
  Diagnostics problems = std::move(loaded->lints);
  SystemClock clock;
  for (const Error& error : check_graph(loaded->spec, standard_components(), clock))
    problems.push_back(loaded->places.problem(error.place, error.message));
  return problems;
}

Diagnostics check_file(const std::string& file, const LoadOptions& options) {
  if (!is_contract_file(file)) return check_pipeline_file(file, options);
  auto loaded = load_contract(file, options);
  return loaded ? std::move(loaded->lints) : std::move(loaded.error());
}

Json to_json(const Diagnostic& problem) {
  return Json{{"severity", problem.severity == Severity::lint ? "lint" : "error"},
              {"file", problem.file},
              {"line", problem.line},
              {"column", problem.column},
              {"path", problem.path},
              {"message", problem.message}};
}

std::size_t count(const Diagnostics& problems, Severity severity) {
  std::size_t number = 0;
  for (const Diagnostic& problem : problems) number += problem.severity == severity ? 1 : 0;
  return number;
}

void print(const std::string& file, const Diagnostics& problems) {
  fmt::print("{}", to_string(problems));
  const std::size_t errors = count(problems, Severity::error);
  const std::size_t lints = count(problems, Severity::lint);
  if (errors + lints == 0)
    fmt::print("{}: fine\n", file);
  else
    fmt::print("{}: {} to mend, {} to consider\n", file, errors, lints);
}

int check(const CheckOptions& options) {
  LoadOptions load = load_options(options.file);
  load.resolve_references = !options.without_secrets;
  bool is_right = true;
  Json files = Json::array();
  for (const std::string& file : options.files) {
    const Diagnostics problems = check_file(file, load);
    const bool passes = count(problems, Severity::error) == 0 && !(options.strict && !problems.empty());
    is_right = is_right && passes;
    if (!options.json) {
      print(file, problems);
      continue;
    }
    Json list = Json::array();
    for (const Diagnostic& problem : problems) list.push_back(to_json(problem));
    files.push_back(Json{{"file", file}, {"ok", passes}, {"problems", std::move(list)}});
  }
  if (options.json) fmt::print("{}\n", dump_json(Json{{"ok", is_right}, {"files", std::move(files)}}));
  return is_right ? exit_done : exit_wrong_file;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  CLI::App* const verb =
      app.add_subcommand("check", "Report every problem of pipeline and contract files; touches nothing");
  const auto options = std::make_shared<CheckOptions>();
  verb->add_option("FILE", options->files, "Pipeline or contract files")->required();
  verb->add_option("--overlay", options->file.overlays, "A file laid over each FILE: its values win")
      ->allow_extra_args(false);
  verb->add_option("--set", options->file.sets, "One value, as path=value; wins over overlays")
      ->allow_extra_args(false);
  verb->add_flag("--strict", options->strict, "Lints count as errors");
  verb->add_flag("--without-secrets", options->without_secrets,
                 "Do not resolve ${env:} and ${file:}, for machines that have neither");
  verb->add_flag("--json", options->json, "As JSON");
  verb->callback([options, &exit_code] { exit_code = check(*options); });
}

}  // namespace weir
