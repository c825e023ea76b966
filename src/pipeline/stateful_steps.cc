#include "pipeline/stateful_steps.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "steps/dedup.h"

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

// A quarter of the pipeline's memory is for state, in equal parts.
Bytes state_memory(const PipelineSpec& pipeline) {
  const auto steps = std::count_if(pipeline.steps.begin(), pipeline.steps.end(),
                                   [](const StepSpec& step) { return step.is_stateful(); });
  return Bytes(pipeline.resources.memory.value / 4 / static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(steps, 1)));
}

Error no_watermark(const SourceSpec& source, const std::string& place) {
  return {
      Fault::config, Retry::no,
      fmt::format("needs event time, or its state would grow for ever; add watermark: {{column: ..., delay: 10m}} to "
                  "sources.{}",
                  source.name),
      place};
}

Result<std::unique_ptr<StatefulStep>> make_dedup(const StepSpec& step, const DedupSpec& spec, const SourceSpec& source,
                                                 const PipelineSpec& pipeline, const Schema& input) {
  DedupOptions options;
  options.name = step.name;
  options.key = spec.key;
  options.time = source.watermark->column;
  options.within = spec.within.value_or(source.watermark->delay);
  options.late = spec.late;
  options.memory = state_memory(pipeline);
  return TRY(Dedup::make(std::move(options), input));
}

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
                                                         const Schema& input) {
  const SourceSpec& source = source_of(pipeline, step.from);
  const auto* const dedup = std::get_if<DedupSpec>(&step.body);
  CHECK(dedup != nullptr, "the step remembers");
  if (!source.watermark) return fail(no_watermark(source, "steps." + step.name + ".dedup"));
  return make_dedup(step, *dedup, source, pipeline, input);
}

}  // namespace weir
