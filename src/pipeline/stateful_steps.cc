#include "pipeline/stateful_steps.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "pipeline/memory_share.h"
#include "steps/aggregate.h"
#include "steps/dedup.h"
#include "steps/session_aggregate.h"

namespace weir {
namespace {

// The source whose event time an edge carries.
const SourceSpec& source_of(const PipelineSpec& pipeline, std::string edge) {
  for (auto step = pipeline.steps.rbegin(); step != pipeline.steps.rend(); ++step)
    if (step->name == edge) edge = step->from;
  const auto source = std::find_if(pipeline.sources.begin(), pipeline.sources.end(),
                                   [&](const SourceSpec& one) { return one.name == edge; });
  CHECK(source != pipeline.sources.end(), "the loader resolved every `from`");
  return *source;
}

// Whether event time reaches the step as the source gave it: after an aggregate it is a window's.
bool follows_aggregate(const PipelineSpec& pipeline, std::string edge) {
  for (auto step = pipeline.steps.rbegin(); step != pipeline.steps.rend(); ++step) {
    if (step->name != edge) continue;
    if (std::holds_alternative<AggregateSpec>(step->body)) return true;
    edge = step->from;
  }
  return false;
}

// A quarter of the pipeline's memory is for state, in equal parts.
Bytes state_memory(const PipelineSpec& pipeline) {
  const auto steps = std::count_if(pipeline.steps.begin(), pipeline.steps.end(),
                                   [](const StepSpec& step) { return step.is_stateful(); });
  return memory_share(pipeline, 4 * static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(steps, 1)));
}

Error no_watermark(const SourceSpec& source, const std::string& place) {
  return {
      Fault::config, Retry::no,
      fmt::format("needs event time, or its state would grow for ever; add watermark: {{column: ..., delay: 10m}} to "
                  "sources.{}",
                  source.name),
      place};
}

// The place of a step among those that remember: the maker of its rows (data/schema.h).
std::uint64_t maker_of(const StepSpec& step, const PipelineSpec& pipeline) {
  std::uint64_t maker = 0;
  for (const StepSpec& other : pipeline.steps) {
    if (other.name == step.name) break;
    if (other.is_stateful()) ++maker;
  }
  return maker;
}

class Maker {
 public:
  Maker(const StepSpec& step, const PipelineSpec& pipeline, const Schema& input, const StepSessions& sessions)
      : step_(step), pipeline_(pipeline), source_(source_of(pipeline, step.from)), input_(input), sessions_(sessions) {}

  Result<std::unique_ptr<StatefulStep>> operator()(const DedupSpec& spec) const {
    TRY(check_time("dedup"));
    DedupOptions options;
    options.name = step_.name;
    options.key = spec.key;
    options.time = source_.watermark->column;
    options.within = spec.within.value_or(source_.watermark->delay);
    options.follows_delay = !spec.within;
    options.late = spec.late;
    options.memory = state_memory(pipeline_);
    return TRY(Dedup::make(std::move(options), input_));
  }

  Result<std::unique_ptr<StatefulStep>> operator()(const AggregateSpec& spec) const {
    TRY(check_time("aggregate"));
    AggregateOptions options;
    options.name = step_.name;
    options.maker = maker_of(step_, pipeline_);
    options.time = source_.watermark->column;
    if (spec.window.kind == WindowSpec::Kind::of_time) options.window = spec.window.of_time;
    for (const GroupKeySpec& key : spec.by) {
      if (key.kind == GroupKeySpec::Kind::column) {
        options.by.emplace_back(key.column, quote_identifier(key.column));
      } else {
        options.by.push_back(*key.expression.begin());
      }
    }
    options.select = spec.select;
    options.mode = spec.mode;
    options.late = spec.late;
    options.memory = state_memory(pipeline_);
    if (options.window && options.window->session)
      return TRY(SessionAggregate::make(std::move(options), input_, sessions_.compute, sessions_.careful));
    return TRY(Aggregate::make(std::move(options), input_, sessions_.compute, sessions_.careful));
  }

  template <class Stateless>
  Result<std::unique_ptr<StatefulStep>> operator()(const Stateless&) const {
    CHECK(false, "the step remembers");
  }

 private:
  Status check_time(const std::string& body) const {
    const std::string place = "steps." + step_.name + "." + body;
    if (!source_.watermark) return fail(no_watermark(source_, place));
    if (follows_aggregate(pipeline_, step_.from))
      return fail(Fault::config,
                  "comes after an aggregate: this version has no second step of event time there yet; read from a step "
                  "before the aggregate",
                  place);
    return {};
  }

  const StepSpec& step_;
  const PipelineSpec& pipeline_;
  const SourceSpec& source_;
  const Schema& input_;
  const StepSessions& sessions_;
};

}  // namespace

Status check_watermark(const SourceSpec& source, const Schema& columns) {
  if (!source.watermark) return {};
  const std::string place = "sources." + source.name + ".watermark.column";
  const std::string& name = source.watermark->column;
  const auto found = columns.find(name);
  if (!found)
    return fail(
        Fault::config,
        fmt::format("there is no column \"{}\" in {}, which has: {}", name, source.name, to_string(columns.visible())),
        place);
  const Type& type = columns.columns()[*found].type;
  if (type.kind != TypeKind::timestamp)
    return fail(Fault::config,
                fmt::format("\"{}\" is a {}, event time is a timestamp; name another column, or change its type in the "
                            "contract",
                            name, to_string(type)),
                place);
  return {};
}

Result<std::unique_ptr<StatefulStep>> make_stateful_step(const StepSpec& step, const PipelineSpec& pipeline,
                                                         const Schema& input, const StepSessions& sessions) {
  return std::visit(Maker(step, pipeline, input, sessions), step.body);
}

Status check_takes_updates(const SinkSpec& sink, const Schema& rows) {
  if (!rows.find(op_column) || sink.type == "kafka" || sink.type == "console") return {};
  return fail(Fault::config,
              fmt::format("{} gives rows that replace earlier ones (mode: update), and a {} sink only adds rows; write "
                          "mode: append there, or send them to a kafka sink with a key",
                          sink.from, sink.type),
              "sinks." + sink.name + ".from");
}

Status check_takes_removals(const SinkSpec& sink, const PipelineSpec& pipeline) {
  if (sink.type != "kafka" || !sink.kafka.key.empty()) return {};
  std::string edge = sink.from;
  for (auto step = pipeline.steps.rbegin(); step != pipeline.steps.rend(); ++step) {
    if (step->name != edge) continue;
    edge = step->from;
    const auto* const aggregate = std::get_if<AggregateSpec>(&step->body);
    if (aggregate == nullptr || aggregate->mode != EmitMode::update) continue;
    if (aggregate->window.kind != WindowSpec::Kind::of_time || !aggregate->window.of_time.session) continue;
    return fail(
        Fault::config,
        fmt::format("{} takes sessions away again that went into another, and a record without a key cannot say "
                    "which; add key: a column made of window_start and what it is by",
                    step->name),
        "sinks." + sink.name + ".key");
  }
  return {};
}

}  // namespace weir
