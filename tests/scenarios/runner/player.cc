#include "scenarios/runner/player.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/crash_point.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "config/canonical.h"
#include "config/load.h"
#include "pipeline/runner.h"
#include "scenarios/runner/delta_reader.h"
#include "scenarios/runner/topic_sink.h"
#include "sql/session.h"

namespace weir::scenario {
namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("weir scenario " + mint_uuid());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

// A topic that is written stands here as JSON lines beside the checkpoint, as the one that is read is a scripted log.
SinkSpec as_files(const SinkSpec& spec, const PipelineSpec& pipeline) {
  SinkSpec out = spec;
  if (spec.type != "kafka") return out;
  out.type = "file";
  out.file.format = FileFormat::json;
  out.file.path = pipeline.checkpoint.path + "-topic-" + spec.kafka.topic;
  return out;
}

Components components(const Scenario& scenario, const Bugs& bugs) {
  Components out = standard_components();
  const auto real_source = out.source;
  const auto real_sink = out.sink;
  out.source = [&scenario, bugs, real_source](const SourceSpec& spec, const PipelineSpec& pipeline,
                                              Clock& clock) -> Result<std::unique_ptr<Source>> {
    if (spec.type != "kafka") return real_source(spec, pipeline, clock);
    static const std::vector<InputRecord> none;
    const auto log = scenario.input.find(spec.name);
    return std::make_unique<ScriptSource>(log == scenario.input.end() ? none : log->second, bugs.source);
  };
  out.sink = [bugs, real_sink](const SinkSpec& spec, const PipelineSpec& pipeline) -> Result<std::unique_ptr<Sink>> {
    std::unique_ptr<Sink> sink = TRY(real_sink(as_files(spec, pipeline), pipeline));
    if (spec.type == "kafka") sink = std::make_unique<TopicSink>(std::move(sink), spec.kafka.key);
    if (bugs.sink == SinkBug::none) return sink;
    return std::make_unique<BuggySink>(std::move(sink), bugs.sink);
  };
  return out;
}

struct Ended {
  bool crashed = false;
  bool more = false;  // a batch was committed: there may be another one
  std::string error;
};

struct Counter final : ProgressListener {
  int batches = 0;
  void committed(const BatchProgress&) override { ++batches; }
  void waiting(const Error&, Clock::Duration) override {}
};

Ended run_once(const Scenario& scenario, const PipelineSpec& spec, const Play& how, int batches_max) {
  VirtualClock clock(Micros(1'767'225'600'000'000));
  Counter counter;
  RunnerOptions options;
  options.listener = &counter;
  options.fetch_ahead = false;
  options.batches_max = static_cast<std::uint64_t>(batches_max);
  PipelineText text{to_hex(hash64(canonical_text(spec))), canonical_text(spec)};
  Ended ended;
  try {
    Runner runner(spec, text, components(scenario, how.bugs), clock, options);
    const Status status = runner.run({});
    if (!status) ended.error = status.error().text();
  } catch (const TestCrash&) {
    ended.crashed = true;
  }
  ended.more = counter.batches > 0;
  return ended;
}

std::string run_to_end(const Scenario& scenario, const PipelineSpec& spec, const Play& how) {
  const int each = how.restore_each_batch ? 1 : 0;
  for (const FaultAt& fault : how.faults) {
    disarm_all();
    if (fault.kind == FaultAt::Kind::crash) {
      arm_crash(fault.name, fault.hit);
    } else {
      arm_fault(fault.name, fault.hit);
    }
    run_once(scenario, spec, how, each);
  }
  disarm_all();
  if (how.restore_once_after > 0) run_once(scenario, spec, how, how.restore_once_after);
  for (int runs = 0; runs < 1000; ++runs) {
    const Ended ended = run_once(scenario, spec, how, each);
    if (!ended.error.empty()) return ended.error;
    if (!how.restore_each_batch || !ended.more) return {};
  }
  return "the scenario does not end";
}

// A SELECT of one column: each row as JSON.
std::string lines_of(const FileSinkSpec& sink) {
  const std::string files = sink.path + "/**/[0-9a-f]*-*-*.*";
  const char* const function = sink.format == FileFormat::parquet ? "read_parquet"
                               : sink.format == FileFormat::json  ? "read_json_auto"
                                                                  : "read_csv_auto";
  return std::string("SELECT CAST(to_json(whole_row) AS VARCHAR) AS line FROM ") + function + "(" +
         quote_literal(files) + ", hive_partitioning = " + (sink.partition_by.empty() ? "false" : "true") +
         ") whole_row";
}

std::vector<std::string> files_of(const FileSinkSpec& sink) {
  std::vector<std::string> out;
  if (!std::filesystem::exists(sink.path)) return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(sink.path))
    if (entry.is_regular_file() && entry.path().string().find("/_weir/") == std::string::npos)
      out.push_back(entry.path().string());
  return out;
}

std::vector<std::string> read_lines(const std::vector<std::string>& files) {
  std::vector<std::string> out;
  for (const std::string& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) out.push_back(line);
  }
  return out;
}

std::vector<std::string> read_table(const FileSinkSpec& sink) {
  std::vector<std::string> rows;
  const auto session = Session::open(SessionKind::io, {}).value();
  const Batch batch = session->run(lines_of(sink)).value();
  for (const auto& chunk : batch.chunks()) {
    auto* lines = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk->column(0)));
    for (std::size_t i = 0; i < chunk->rows(); ++i)
      rows.emplace_back(duckdb_string_t_data(&lines[i]), duckdb_string_t_length(lines[i]));
  }
  return rows;
}

std::vector<std::string> read_rows(const FileSinkSpec& sink, bool as_written) {
  const std::vector<std::string> files = files_of(sink);
  if (files.empty()) return {};
  std::vector<std::string> rows = as_written && sink.format == FileFormat::json ? read_lines(files) : read_table(sink);
  std::sort(rows.begin(), rows.end());
  return rows;
}

// Only the keys that the wanted row names.
Json narrowed(const Json& row, const Json& wanted) {
  Json out = Json::object();
  for (const auto& [key, value] : wanted.items()) out[key] = row.contains(key) ? row[key] : Json("absent");
  return out;
}

std::string compare(const std::string& sink, std::vector<Json> wanted, std::vector<Json> got) {
  std::string out;
  for (const Json& row : wanted) {
    const auto match = std::find_if(got.begin(), got.end(), [&](const Json& g) {
      return sink == "dead_letter" ? narrowed(g, row) == row : nlohmann::json(g) == nlohmann::json(row);
    });
    if (match == got.end()) {
      out += sink + " lacks " + row.dump() + "\n";
    } else {
      got.erase(match);
    }
  }
  for (const Json& row : got) out += sink + " has beyond that " + row.dump() + "\n";
  return out;
}

}  // namespace

Outcome play(const Scenario& scenario, const Play& how) {
  const Folder folder;
  auto loaded = load_pipeline_text(scenario.pipeline, scenario.file, folder.path.string());
  if (!loaded) throw std::runtime_error(to_string(loaded.error()));
  PipelineSpec spec = loaded->spec;
  spec.trigger.kind = TriggerSpec::Kind::available_now;
  Outcome outcome;
  outcome.error = run_to_end(scenario, spec, how);
  const auto read = [&](const SinkSpec& sink, const std::string& name) {
    if (const SinkSpec files = as_files(sink, spec); files.type == "file")
      outcome.rows[name] = read_rows(files.file, how.as_written);
    if (sink.type == "delta") outcome.rows[name] = read_delta_rows(sink.delta.path);
  };
  for (const SinkSpec& sink : spec.sinks) read(sink, sink.name);
  if (spec.dead_letter) read(*spec.dead_letter, "dead_letter");
  const auto summary = read_checkpoint(spec.checkpoint.path);
  if (summary)
    for (const Commit& commit : summary->commits)
      for (const ReasonCount& left : commit.books.left) outcome.dropped[left.reason] += left.rows;
  return outcome;
}

std::string difference(const Scenario& scenario, const Outcome& outcome) {
  std::string out;
  if (scenario.error.empty() != outcome.error.empty() || outcome.error.find(scenario.error) == std::string::npos)
    return "error: wanted '" + scenario.error + "', got '" + outcome.error + "'\n";
  for (const auto& [sink, lines] : outcome.rows) {
    std::vector<Json> got;
    for (const std::string& line : lines) got.push_back(Json::parse(line));
    const auto wanted = scenario.want.find(sink);
    out += compare(sink, wanted == scenario.want.end() ? std::vector<Json>{} : wanted->second, got);
  }
  for (const auto& [sink, rows] : scenario.want)
    if (!outcome.rows.contains(sink)) out += "no sink that can be read back is named " + sink + "\n";
  for (const auto& [reason, rows] : scenario.dropped) {
    const auto got = outcome.dropped.find(reason);
    const std::uint64_t count = got == outcome.dropped.end() ? 0 : got->second;
    if (count != rows) out += reason + ": wanted " + std::to_string(rows) + ", got " + std::to_string(count) + "\n";
  }
  return out;
}

}  // namespace weir::scenario
