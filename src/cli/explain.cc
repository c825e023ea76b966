#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/load_file.h"
#include "cli/verbs.h"
#include "pipeline/graph.h"

namespace weir {
namespace {

std::string_view words(Guarantee guarantee) {
  return guarantee == Guarantee::exactly_once ? "exactly once" : "at least once: a crash may repeat the batch that ran";
}

void print_columns(const Schema& schema) {
  const Schema visible = schema.visible();
  for (const Column& column : visible.columns()) fmt::print("    {:<24} {}\n", column.name, to_string(column.type));
}

// Fields of which no column is made, as nothing names them.
void print_checked_only(const PipelineSpec& pipeline, const SourceNode& source) {
  std::vector<std::string> names;
  for (const SourceSpec& spec : pipeline.sources)
    if (spec.name == source.name)
      for (const FieldSpec& field : spec.kafka.format.contract.fields)
        if (!source.schema.find(field.name)) names.push_back(field.name);
  if (!names.empty()) fmt::print("    checked, and used by no step: {}\n", fmt::join(names, ", "));
}

int explain(const FileOptions& options) {
  const auto loaded = load_or_explain(options);
  if (!loaded) return exit_wrong_file;
  SystemClock clock;
  const auto graph = build_graph(loaded->spec, standard_components(), clock);
  if (!graph) {
    fmt::print(stderr, "{}\n", to_string(loaded->places.problem(graph.error().place, graph.error().message)));
    return exit_wrong_file;
  }
  for (const SourceNode& source : graph->sources) {
    fmt::print("source {}{}\n", source.name, source.contract.empty() ? "" : ", contract " + source.contract);
    print_columns(source.schema);
    print_checked_only(loaded->spec, source);
  }
  for (const StepNode& node : graph->steps) {
    fmt::print("step {}, from {}\n", node.name, node.from);
    fmt::print("{}\n", node.step->explain());
    print_columns(node.step->schema());
  }
  for (const SinkNode& sink : graph->sinks)
    fmt::print("sink {}, from {}: {}\n", sink.name, sink.from, words(sink.sink->guarantee()));
  if (graph->dead_letter) fmt::print("dead letters: {}\n", words(graph->dead_letter->sink->guarantee()));
  fmt::print("state: {}\n", graph->has_state() ? "kept in the checkpoint" : "none; only offsets are kept");
  return exit_done;
}

}  // namespace

void add_explain(CLI::App& app, int& exit_code) {
  CLI::App* const verb = app.add_subcommand("explain", "Show the columns, the SQL and the guarantee of each sink");
  const auto options = std::make_shared<FileOptions>();
  add_file_options(*verb, *options);
  verb->callback([options, &exit_code] { exit_code = explain(*options); });
}

}  // namespace weir
