// References within a pipeline: who reads whom, by which connection.
#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/letter_case.h"
#include "config/nearest.h"
#include "config/rules.h"

namespace weir {
namespace {

bool is_identifier(std::string_view name) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !name.empty() && name.size() <= 64 && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), is_word);
}

class Linker {
 public:
  Linker(Reading& reading, PipelineSpec& pipeline) : reading_(reading), rules_(reading), pipeline_(pipeline) {}

  void link() {
    check_names();
    for (SourceSpec& source : pipeline_.sources) rows_.push_back(source.name);
    for (std::size_t i = 0; i < pipeline_.steps.size(); ++i) link_step(i);
    for (const SinkSpec& sink : pipeline_.sinks)
      if (!sink.from.empty()) use_rows(sink.from, join_path("sinks", sink.name) + ".from", pipeline_.steps.size());
    link_connections();
    // A name that is mistyped elsewhere would count as unused.
    if (!reading_.has_errors()) lint_unused();
  }

 private:
  void check_name(const std::string& name, const std::string& path, std::string_view kind) {
    if (!is_identifier(name)) {
      rules_.error(path, "\"" + shown(name) +
                             "\" is no name; a name has letters, digits and _, begins with no digit, and at "
                             "most 64 characters");
    } else if (name == "dead_letter" || name == "dropped") {
      rules_.error(path, "the name \"" + name + "\" has a meaning of its own; choose another");
    } else if (const auto [first, is_new] = names_.emplace(lower_case(name), kind); !is_new) {
      rules_.error(path, "the name \"" + name + "\" is taken by a " + std::string(first->second) +
                             "; sources, steps and sinks have names of their own, upper and lower case being the same");
    }
  }

  // These stand in logs and metrics, never in SQL.
  void check_label(const std::string& name, const std::string& path) {
    const auto fits = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
    };
    if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), fits))
      rules_.error(
          path, "\"" + shown(name) + "\" is no name; a name has letters, digits, _ - and ., and at most 64 characters");
  }

  void check_names() {
    for (const ConnectionSpec& connection : pipeline_.connections)
      check_label(connection.name, join_path("connections", connection.name));
    for (const SharedContractSpec& contract : pipeline_.contracts)
      check_label(contract.name, join_path("contracts", contract.name));
    for (const SourceSpec& source : pipeline_.sources)
      check_name(source.name, join_path("sources", source.name), "source");
    for (const StepSpec& step : pipeline_.steps)
      if (!step.name.empty()) check_name(step.name, join_path("steps", step.name), "step");
    for (const SinkSpec& sink : pipeline_.sinks) check_name(sink.name, join_path("sinks", sink.name), "sink");
  }

  void link_step(std::size_t index) {
    StepSpec& step = pipeline_.steps[index];
    const std::string path = step.name.empty() ? "steps[" + std::to_string(index) + "]" : join_path("steps", step.name);
    if (!step.from.empty()) {
      use_rows(step.from, path + ".from", index);
    } else if (index > 0) {
      step.from = pipeline_.steps[index - 1].name;
      used_.insert(step.from);
    } else if (pipeline_.sources.size() == 1) {
      step.from = pipeline_.sources.front().name;
      used_.insert(step.from);
    } else if (pipeline_.sources.size() > 1) {
      rules_.error(path + ".from", "the pipeline has several sources; say which one the first step reads: from: " +
                                       shown(pipeline_.sources.front().name));
    }
    if (!step.name.empty()) rows_.push_back(step.name);
  }

  // `step_index`: steps from there on are not there yet for the reader.
  void use_rows(const std::string& name, const std::string& path, std::size_t step_index) {
    used_.insert(name);
    if (std::find(rows_.begin(), rows_.end(), name) != rows_.end()) return;
    const auto& steps = pipeline_.steps;
    for (std::size_t i = step_index; i < steps.size(); ++i)
      if (steps[i].name == name)
        return rules_.error(path, i == step_index
                                      ? "a step cannot read itself"
                                      : "the step \"" + shown(name) + "\" comes later; put it before this one");
    for (const SinkSpec& sink : pipeline_.sinks)
      if (sink.name == name)
        return rules_.error(path, "\"" + shown(name) + "\" is a sink; only sources and steps can be read");
    if (!rows_are_known()) return;
    rules_.error(path, "there is no source or step \"" + shown(name) + "\"" + suggestion(name, views(rows_)));
  }

  // Not where sources or a step could not be read at all: that is reported.
  bool rows_are_known() const {
    const auto hides_rows = [](const Diagnostic& d) {
      return d.severity == Severity::error &&
             (d.path == "sources" || d.path == "steps" || d.path.starts_with("steps["));
    };
    const Diagnostics& problems = reading_.problems();
    return std::none_of(problems.begin(), problems.end(), hides_rows);
  }

  void use_connection(const std::string& name, const std::string& path) {
    if (name.empty()) return;
    used_connections_.insert(name);
    std::vector<std::string_view> known;
    for (const ConnectionSpec& connection : pipeline_.connections) known.push_back(connection.name);
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    rules_.error(path, "there is no connection \"" + shown(name) + "\"" +
                           (known.empty() ? "; name one under connections:" : suggestion(name, known)));
  }

  void link_connections() {
    for (const SourceSpec& source : pipeline_.sources)
      if (source.type == "kafka")
        use_connection(source.kafka.connection, join_path("sources", source.name) + ".connection");
    for (const SinkSpec& sink : pipeline_.sinks)
      if (sink.type == "kafka") use_connection(sink.kafka.connection, join_path("sinks", sink.name) + ".connection");
    if (pipeline_.dead_letter && pipeline_.dead_letter->type == "kafka")
      use_connection(pipeline_.dead_letter->kafka.connection, "dead_letter.connection");
  }

  void lint_unused() {
    for (const ConnectionSpec& connection : pipeline_.connections)
      if (!used_connections_.contains(connection.name))
        lint_own(join_path("connections", connection.name), "no source or sink uses this connection; remove it");
    for (const SharedContractSpec& contract : pipeline_.contracts)
      if (std::find(reading_.used_contracts.begin(), reading_.used_contracts.end(), contract.name) ==
          reading_.used_contracts.end())
        lint_own(join_path("contracts", contract.name), "no source uses this contract; remove it");
    for (const SourceSpec& source : pipeline_.sources)
      if (!used_.contains(source.name))
        rules_.lint(join_path("sources", source.name), "no step or sink reads this source; remove it");
    for (const StepSpec& step : pipeline_.steps)
      if (!step.name.empty() && !used_.contains(step.name))
        rules_.lint(join_path("steps", step.name), "no step or sink reads this step; remove it, or name it in a from:");
  }

  // What an included file brings serves many pipelines: not all of it is used by each.
  void lint_own(const std::string& path, std::string message) {
    const auto at = reading_.places().find(path);
    if (at && at->file == escaped(pipeline_.file)) rules_.lint(path, std::move(message));
  }

  static std::vector<std::string_view> views(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
  }

  Reading& reading_;
  Rules rules_;
  PipelineSpec& pipeline_;
  std::map<std::string, std::string_view> names_;  // in lower case -> kind
  std::vector<std::string> rows_;                  // sources and the steps so far
  std::set<std::string, std::less<>> used_;
  std::set<std::string, std::less<>> used_connections_;
};

}  // namespace

void link_pipeline(Reading& reading, PipelineSpec& pipeline) { Linker(reading, pipeline).link(); }

void Rules::error(const std::string& path, std::string message) {
  if (reading_.reported(path)) return;
  reading_.problems().push_back(reading_.places().problem(path, std::move(message)));
}

void Rules::lint(const std::string& path, std::string message) {
  if (reading_.reported(path)) return;
  reading_.problems().push_back(reading_.places().problem(path, std::move(message), Severity::lint));
}

}  // namespace weir
