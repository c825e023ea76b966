#include "pipeline/check_graph.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "formats/contract.h"
#include "formats/decoder.h"
#include "pipeline/stateful_steps.h"
#include "steps/flatten.h"
#include "steps/stateless_chain.h"

namespace weir {
namespace {

class GraphCheck {
 public:
  GraphCheck(const PipelineSpec& spec, const Components& components, Clock& clock)
      : spec_(spec), components_(components), clock_(clock) {}

  std::vector<Error> check() {
    const auto compute = Session::open(SessionKind::compute, SessionLimits{});
    const auto careful = Session::open(SessionKind::careful, SessionLimits{});
    for (const auto* session : {&compute, &careful}) {
      if (*session) continue;
      report((*session).error(), "steps");
      return std::move(problems_);
    }
    for (const SourceSpec& source : spec_.sources) check_source(source);
    const StepSessions sessions{*compute, *careful};
    for (const StepSpec& step : spec_.steps) check_step(step, sessions);
    for (const SinkSpec& sink : spec_.sinks) check_sink(sink);
    return std::move(problems_);
  }

 private:
  // A part that knows its place says so; of the others the part's own path is the place.
  void report(Error error, const std::string& path) {
    if (!error.place.starts_with(path)) error.place = path;
    problems_.push_back(std::move(error));
  }

  // A Kafka source is not made: it would call its brokers.
  Result<Schema> schema_of(const SourceSpec& source) {
    if (source.type == "kafka") {
      Contract contract = TRY(Contract::compile(source.kafka.format.contract));
      return make_json_decoder(std::move(contract), {source.name, source.kafka.metadata, {}})->schema();
    }
    const auto made = TRY(components_.source(source, spec_, clock_));
    return made->schema().value_or(Schema());
  }

  void check_source(const SourceSpec& source) {
    auto schema = schema_of(source);
    if (!schema) return report(std::move(schema).error(), "sources." + source.name);
    if (auto time = check_watermark(source, *schema); !time) report(std::move(time).error(), "sources." + source.name);
    schemas_[source.name] = std::move(*schema);
  }

  void check_stateful(const StepSpec& step, const Schema& input, const StepSessions& sessions) {
    auto made = make_stateful_step(step, spec_, input, sessions);
    if (!made) return report(std::move(made).error(), "steps." + step.name);
    schemas_[step.name] = (*made)->schema();
  }

  void check_step(const StepSpec& step, const StepSessions& sessions) {
    const auto input = schemas_.find(step.from);
    if (input == schemas_.end()) return;
    if (step.is_stateful()) return check_stateful(step, input->second, sessions);
    const std::string path = "steps." + step.name;
    if (const auto* flatten = std::get_if<FlattenSpec>(&step.body)) {
      auto made = Flatten::make(step.name, *flatten, input->second, sessions.compute);
      if (!made) return report(std::move(made).error(), path);
      schemas_[step.name] = (*made)->schema();
      return;
    }
    StatelessChain::Checked checked = StatelessChain::check({step}, input->second, *sessions.compute);
    const bool is_right = checked.problems.empty();
    for (Error& problem : checked.problems) {
      const bool follows = problem.place == path + ".select" && checked.problems.size() > 1;  // no column is left
      if (!follows) report(std::move(problem), path);
    }
    // A constant that DuckDB computes beforehand, and cannot, shows only here.
    if (is_right)
      if (auto made = StatelessChain::compile({step}, input->second, sessions.compute, sessions.careful); !made)
        report(std::move(made).error(), path);
    if (is_right) {
      schemas_[step.name] = std::move(checked.output);
    } else if (!std::holds_alternative<SelectSpec>(step.body)) {
      schemas_[step.name] = input->second;  // filters and expectations change no column
    }
  }

  void check_sink(const SinkSpec& sink) {
    const auto rows = schemas_.find(sink.from);
    if (rows == schemas_.end()) return;
    if (auto takes = check_takes_updates(sink, rows->second); !takes)
      report(std::move(takes).error(), "sinks." + sink.name);
    if (auto takes = check_takes_removals(sink, spec_); !takes) report(std::move(takes).error(), "sinks." + sink.name);
    check_columns(sink, rows->second.visible(), "sinks." + sink.name);
  }

  void check_columns(const SinkSpec& sink, const Schema& rows, const std::string& path) {
    const auto need = [&](const std::string& column, const std::string& key) {
      if (column.empty() || rows.find(column)) return;
      report(Error{Fault::config,
                   Retry::no,
                   "there is no column \"" + column + "\" in " + sink.from + ", which has: " + to_string(rows),
                   {}},
             path + "." + key);
    };
    if (sink.type == "file")
      for (std::size_t i = 0; i < sink.file.partition_by.size(); ++i)
        need(sink.file.partition_by[i], "partition_by[" + std::to_string(i) + "]");
    if (sink.type == "delta")
      for (std::size_t i = 0; i < sink.delta.partition_by.size(); ++i)
        need(sink.delta.partition_by[i], "partition_by[" + std::to_string(i) + "]");
    if (sink.type != "kafka") return;
    need(sink.kafka.key, "key");
    for (const auto& [name, column] : sink.kafka.headers) need(column, "headers." + name);
  }

  const PipelineSpec& spec_;
  const Components& components_;
  Clock& clock_;
  std::map<std::string, Schema> schemas_;
  std::vector<Error> problems_;
};

}  // namespace

std::vector<Error> check_graph(const PipelineSpec& spec, const Components& components, Clock& clock) {
  return GraphCheck(spec, components, clock).check();
}

}  // namespace weir
