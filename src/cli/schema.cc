#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/verbs.h"
#include "config/reference.h"
#include "sql/aggregate_reference.h"

namespace weir {
namespace {

struct SchemaOptions {
  std::string page = "pipeline";
  std::string format = "json";
};

void print(const SchemaOptions& options) {
  if (options.page == "sql") return fmt::print("{}", sql_reference());
  const Page page = options.page == "contract" ? Page::contract : Page::pipeline;
  fmt::print("{}", options.format == "markdown" ? markdown_reference(page) : json_schema(page));
}

}  // namespace

void add_schema(CLI::App& app, int& exit_code) {
  CLI::App* const verb =
      app.add_subcommand("schema", "Print what a file may hold: a JSON Schema for editors, or the reference page");
  const auto options = std::make_shared<SchemaOptions>();
  verb->add_option("FILE_KIND", options->page,
                   "pipeline, contract, or sql: the functions and aggregates, always as markdown")
      ->check(CLI::IsMember({"pipeline", "contract", "sql"}))
      ->capture_default_str();
  verb->add_option("--format", options->format, "json or markdown")
      ->check(CLI::IsMember({"json", "markdown"}))
      ->capture_default_str();
  verb->callback([options, &exit_code] {
    print(*options);
    exit_code = exit_done;
  });
}

}  // namespace weir
