#include "base/log.h"

#include <memory>
#include <mutex>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/json.h"

namespace weir::log {
namespace {

struct State {
  std::shared_ptr<spdlog::logger> logger;
  std::mutex mutex;
  Format format = Format::text;  // guarded by mutex
  std::string pipeline;          // guarded by mutex
};

State& state() {
  static State* const instance = [] {
    auto* made = new State;  // never destroyed: threads may log while the process ends
    made->logger = std::make_shared<spdlog::logger>("weir", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->logger->set_pattern("%v");
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "error";
}

// Values come from outside: a newline in one must not forge a line.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void set_level(Level level) { state().logger->set_level(to_spdlog(level)); }

void set_format(Format format) {
  const std::lock_guard lock(state().mutex);
  state().format = format;
}

void set_pipeline(std::string pipeline) {
  const std::lock_guard lock(state().mutex);
  state().pipeline = std::move(pipeline);
}

void write(Level level, std::string_view message, Fields fields) {
  State& s = state();
  if (!s.logger->should_log(to_spdlog(level))) return;
  const std::string time = format_rfc3339(SystemClock().now());
  const std::lock_guard lock(s.mutex);
  if (s.format == Format::json) {
    Json line{{"time", time}, {"level", name(level)}, {"message", message}};
    if (!s.pipeline.empty()) line["pipeline"] = s.pipeline;
    for (const Field& field : fields) line[std::string(field.name)] = field.value;
    s.logger->log(to_spdlog(level), "{}", dump_json(line));
    return;
  }
  std::string line = fmt::format("{} {:<5} {}", time, name(level), escaped(message));
  if (!s.pipeline.empty()) line += fmt::format(" pipeline={}", s.pipeline);
  for (const Field& field : fields) line += fmt::format(" {}={}", field.name, escaped(field.value));
  s.logger->log(to_spdlog(level), "{}", line);
}

}  // namespace weir::log
