#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <generated/pipelines.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/demo_generator.h"
#include "cli/demo_report.h"
#include "cli/load_file.h"
#include "cli/progress_view.h"
#include "cli/stop_signals.h"
#include "cli/verbs.h"
#include "config/load.h"
#include "connectors/demo_broker.h"
#include "pipeline/runner.h"

namespace weir {
namespace {

constexpr std::string_view topic = "payments";
constexpr std::int32_t partitions = 4;
// Together they keep the broker's log well below its 5 MB a partition: about 60 bytes an event as stored.
constexpr std::uint64_t events_max = 240'000;
constexpr std::uint64_t events_a_second = 12'000;
constexpr std::chrono::seconds catch_up_max{60};
constexpr std::chrono::milliseconds frame{200};
// The events' own time: so long in all, across a midnight, so that there are windows to close and two days to keep apart.
constexpr std::int64_t minute = 60'000'000;
constexpr std::int64_t event_span = 120 * minute;
constexpr std::int64_t again_max = 5 * minute;  // half the watermark's delay
constexpr std::int64_t day = 1'440 * minute;

struct DemoOptions {
  std::string keep;
  std::uint64_t seconds = 20;
  std::uint64_t seed = 1;
};

fs::Path fresh_directory(const DemoOptions& options) {
  const std::string name = "weir-demo-" + mint_uuid().substr(0, 8);
  if (!options.keep.empty()) return fs::Path(options.keep) / name;
  const char* const temporary = std::getenv("TMPDIR");
  return fs::Path(temporary != nullptr && *temporary != '\0' ? temporary : "/tmp") / name;
}

// The committed example as its files, so that it can be read, changed and run again.
Result<fs::Path> write_pipeline(const fs::Path& directory) {
  TRY(fs::make_directories(directory / "contracts"));
  TRY(fs::write_new_file(directory / "payments.yaml", payments_yaml));
  TRY(fs::write_new_file(directory / "contracts" / "payment.v1.yaml", payment_contract_yaml));
  return directory / "payments.yaml";
}

Result<PipelineSpec> load(const fs::Path& file, const std::string& brokers) {
  LoadOptions options;
  options.environment = [brokers](const std::string& name) -> std::optional<std::string> {
    if (name == "KAFKA_BROKERS") return brokers;
    return std::nullopt;
  };
  auto loaded = load_pipeline(file.string(), options);
  if (!loaded) return fail(Fault::internal, to_string(loaded.error()));
  return std::move(loaded->spec);
}

// Runs the pipeline on a thread of its own, until it is told to stop or fails.
class RunningPipeline {
 public:
  RunningPipeline(PipelineSpec spec, ProgressView& view, Clock& clock) {
    RunnerOptions options;
    options.listener = &view;
    const PipelineText text = text_of(spec);
    runner_ = std::make_unique<Runner>(std::move(spec), text, standard_components(), clock, options);
    thread_ = std::jthread([this](std::stop_token stop) {
      ended_ = runner_->run(stop);
      over_ = true;
    });
  }
  bool over() const { return over_; }
  Status stop() {
    thread_.request_stop();
    thread_.join();
    runner_.reset();  // its clients must be gone before the broker
    return ended_;
  }

 private:
  std::unique_ptr<Runner> runner_;
  Status ended_;
  std::atomic<bool> over_{false};
  std::jthread thread_;
};

// Draws until everything that was sent is committed, the pipeline failed, or it takes too long.
void watch(const RunningPipeline& pipeline, DemoGenerator& generator, ProgressView& view, Clock& clock,
           std::stop_token stop) {
  std::optional<Clock::Duration> all_sent;
  while (!pipeline.over() && !stop.stop_requested()) {
    if (generator.done() && !all_sent) all_sent = clock.running();
    if (all_sent && view.totals().rows_in >= generator.sent()) break;
    if (all_sent && clock.running() - *all_sent > catch_up_max) break;
    if (view.totals().watermark) generator.send_late();
    view.draw();
    clock.sleep(frame, stop);
  }
  view.finish();
}

void print_head(const fs::Path& directory, const DemoPace& pace) {
  fmt::print(
      "weir demo: payments from Kafka, held to their contract and rid of duplicates, as a Delta table by day, with "
      "totals\n"
      "of five minutes by merchant; exactly once.\n"
      "  A Kafka broker runs inside this process. {} events go to topic '{}' ({} partitions) in {} s: two hours of\n"
      "  payments, about one in fifty damaged on purpose, one in thirty sent twice, some hours late.\n"
      "  The pipeline is {}/payments.yaml.\n\n",
      grouped(pace.events), topic, partitions, pace.over.count() / 1'000'000, directory.string());
}

// As it was called, so that the lines can be pasted.
std::string program() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "weir";
}

void print_tail(const fs::Path& directory) {
  fmt::print(
      "\nThe files are in {0}\n"
      "  payments.yaml, contracts/        the pipeline and its contract\n"
      "  data/payments/                   the rows, a Delta table by day\n"
      "  data/merchant_totals/            what each merchant took in each window, a Delta table; also a topic\n"
      "  data/dead_letters/               what did not fit, with its raw bytes, a Delta table\n"
      "  data/checkpoint/                 where the pipeline stands\n"
      "\nTo try next\n"
      "  cd \"{0}\"\n"
      "  \"{1}\" explain payments.yaml    # its steps, its SQL, what each sink promises\n"
      "  \"{1}\" check payments.yaml      # after a change: every problem at once\n"
      "  mkdir mine && cp -r payments.yaml contracts mine && KAFKA_BROKERS=host:9092 \"{1}\" run mine/payments.yaml\n",
      directory.string(), program());
}

Result<int> run_demo(const DemoOptions& options, std::stop_token stop) {
  SystemClock clock;
  const fs::Path directory = fresh_directory(options);
  const fs::Path file = TRY(write_pipeline(directory));
  DemoPace pace;
  pace.over = std::chrono::seconds(options.seconds);
  pace.events = std::min(events_max, events_a_second * options.seconds);
  pace.partitions = partitions;
  print_head(directory, pace);

  const auto broker = TRY(DemoBroker::start(std::string(topic), partitions));
  TRY(broker->make_topic("merchant-totals"));
  PipelineSpec spec = TRY(load(file, broker->address()));
  ProgressView view(spec.name, std::cout, ProgressView::terminal(), clock);
  RunningPipeline pipeline(std::move(spec), view, clock);
  DemoEvents events;
  events.seed = options.seed;
  // Around the last midnight that all of them can be past.
  const std::int64_t midnight = (clock.now().value - event_span / 2) / day * day;
  events.start = Micros(midnight - event_span / 2);
  events.spacing_micros = event_span / static_cast<std::int64_t>(pace.events);
  events.again_max_micros = again_max;
  DemoGenerator generator(*broker, clock, events, pace);
  watch(pipeline, generator, view, clock, stop);
  generator.stop();
  DemoOutcome outcome;
  outcome.directory = directory.string();
  outcome.sent = TRY(generator.finish());
  outcome.kept = TRY(broker->kept());
  TRY(pipeline.stop());
  outcome.totals = view.totals();
  if (stop.stop_requested()) return fail(Fault::external, "stopped before its end");

  const DemoReport report(std::move(outcome), TRY(Session::open(SessionKind::io, {})));
  const auto problems = TRY(report.problems());
  TRY(report.print(std::cout));
  if (problems.empty()) fmt::print("\nEvery row is accounted for, and the tables hold exactly what was sent.\n");
  for (const std::string& problem : problems) fmt::print("\nwrong: {}\n", problem);
  print_tail(directory);
  return problems.empty() ? exit_done : exit_failed;
}

int demo(const DemoOptions& options) {
  log::set_level(log::Level::warn);
  const StopSignals signals;
  const auto code = run_demo(options, signals.token());
  if (code) return *code;
  fmt::print(stderr, "weir demo: {}\n", code.error().text());
  return exit_failed;
}

}  // namespace

void add_demo(CLI::App& app, int& exit_code) {
  CLI::App* const verb = app.add_subcommand("demo", "Payments through Weir, from a Kafka of its own to Delta tables");
  const auto options = std::make_shared<DemoOptions>();
  verb->add_option("--keep", options->keep, "Where to make the demo's folder (default: the folder of temporary files)");
  verb->add_option("--seconds", options->seconds, "How long events are sent")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  verb->add_option("--seed", options->seed, "Of the events")->capture_default_str();
  verb->callback([options, &exit_code] { exit_code = demo(*options); });
}

}  // namespace weir
