#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/load_file.h"
#include "cli/progress_view.h"
#include "cli/stop_signals.h"
#include "cli/verbs.h"
#include "pipeline/runner.h"

namespace weir {
namespace {

struct RunOptions {
  FileOptions file;
  bool once = false;
  bool quiet = false;
  bool json = false;
};

std::string seconds(Clock::Duration duration) {
  return fmt::format("{:.3f}", static_cast<double>(duration.count()) / 1e6);
}

// One log line a batch.
class LogListener final : public ProgressListener {
 public:
  explicit LogListener(bool quiet) : quiet_(quiet) {}

  void committed(const BatchProgress& batch) override {
    rows_in_ += batch.rows_in();
    rows_out_ += batch.rows_out();
    rows_dead_ += batch.rows_dead();
    rows_dropped_ += batch.rows_dropped();
    ++batches_;
    if (quiet_) return;
    const auto lag = batch.lag_records();
    const auto watermark = batch.watermark();
    log::info("batch committed", {{"batch", std::to_string(batch.number.value)},
                                  {"rows_in", std::to_string(batch.rows_in())},
                                  {"rows_out", std::to_string(batch.rows_out())},
                                  {"dead_letters", std::to_string(batch.rows_dead())},
                                  {"dropped", std::to_string(batch.rows_dropped())},
                                  {"lag", lag ? std::to_string(*lag) : "unknown"},
                                  {"watermark", watermark ? format_rfc3339(*watermark) : "none"},
                                  {"state_rows", std::to_string(batch.state_rows())},
                                  {"fetch_s", seconds(batch.duration(Phase::fetch))},
                                  {"decode_s", seconds(batch.duration(Phase::decode))},
                                  {"run_s", seconds(batch.duration(Phase::run))},
                                  {"write_s", seconds(batch.duration(Phase::write))},
                                  {"commit_s", seconds(batch.duration(Phase::commit))}});
  }
  void waiting(const Error&, Clock::Duration) override {}

  void summarize() const {
    log::info("done", {{"batches", std::to_string(batches_)},
                       {"rows_in", std::to_string(rows_in_)},
                       {"rows_out", std::to_string(rows_out_)},
                       {"dead_letters", std::to_string(rows_dead_)},
                       {"dropped", std::to_string(rows_dropped_)}});
  }

 private:
  bool quiet_;
  std::uint64_t batches_ = 0;
  std::uint64_t rows_in_ = 0;
  std::uint64_t rows_out_ = 0;
  std::uint64_t rows_dead_ = 0;
  std::uint64_t rows_dropped_ = 0;
};

// On a terminal, instead of the lines: progress in place, drawn by a thread of its own.
class LiveListener final : public ProgressListener {
 public:
  LiveListener(LogListener& log, const std::string& pipeline, Clock& clock)
      : log_(log), clock_(clock), view_(pipeline, std::cout, true, clock), drawer_([this](std::stop_token stop) {
          while (clock_.sleep(std::chrono::milliseconds(200), stop)) view_.draw();
          view_.finish();
        }) {}
  void committed(const BatchProgress& batch) override {
    log_.committed(batch);
    view_.committed(batch);
  }
  void waiting(const Error& error, Clock::Duration next_try) override { view_.waiting(error, next_try); }

 private:
  LogListener& log_;
  Clock& clock_;
  ProgressView view_;
  std::jthread drawer_;
};

// Lines of a console sink would be drawn over.
bool may_draw(const RunOptions& options, const PipelineSpec& spec) {
  const auto is_console = [](const SinkSpec& sink) { return sink.type == "console"; };
  return !options.quiet && !options.json && ProgressView::terminal() &&
         std::none_of(spec.sinks.begin(), spec.sinks.end(), is_console) &&
         !(spec.dead_letter && is_console(*spec.dead_letter));
}

// A checkpoint for a file that names none: it goes with the run.
class PassingCheckpoint {
 public:
  explicit PassingCheckpoint(PipelineSpec& spec) {
    if (!spec.checkpoint.path.empty()) return;
    const auto temporary = std::filesystem::temp_directory_path();  // lint: ambient, a place of this run alone
    path_ = temporary / ("weir-" + spec.name + "-" + mint_uuid());
    spec.checkpoint.path = path_.string();
    log::warn("the file names no checkpoint: a restart begins anew");
  }
  ~PassingCheckpoint() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);  // lint: ambient, see above
  }
  PassingCheckpoint(const PassingCheckpoint&) = delete;
  PassingCheckpoint& operator=(const PassingCheckpoint&) = delete;

 private:
  std::filesystem::path path_;
};

int run(const RunOptions& options) {
  auto loaded = load_or_explain(options.file);
  if (!loaded) return exit_wrong_file;
  PipelineSpec& spec = loaded->spec;
  if (options.once) spec.trigger.kind = TriggerSpec::Kind::available_now;
  if (options.json) log::set_format(log::Format::json);
  log::set_pipeline(spec.name);
  const StopSignals signals;
  SystemClock clock;
  const bool draw = may_draw(options, spec);
  LogListener listener(options.quiet || draw);
  std::optional<LiveListener> live;
  if (draw) live.emplace(listener, spec.name, clock);
  const PipelineText text = text_of(spec);
  const PassingCheckpoint passing(spec);
  RunnerOptions runner_options;
  runner_options.listener = draw ? static_cast<ProgressListener*>(&*live) : &listener;
  Runner runner(std::move(spec), text, standard_components(), clock, runner_options);
  const Status ended = runner.run(signals.token());
  live.reset();
  if (!ended) {
    log::error("the pipeline stopped",
               {{"fault", std::string(to_string(ended.error().fault))}, {"error", ended.error().text()}});
    return exit_failed;
  }
  listener.summarize();
  return exit_done;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  CLI::App* const verb = app.add_subcommand("run", "Run one pipeline in the foreground");
  const auto options = std::make_shared<RunOptions>();
  add_file_options(*verb, options->file);
  verb->add_flag("--once", options->once, "Take all there is now, then stop");
  verb->add_flag("--quiet", options->quiet, "No line for each batch");
  verb->add_flag("--json", options->json, "Log as JSON lines");
  verb->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace weir
