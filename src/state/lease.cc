#include "state/lease.h"

#include <array>

#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

namespace weir {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

// "by pid 12 on host x since ..."; less where the holder has not written yet.
std::string holder(const fs::OpenFile& file) {
  const auto text = file.read();
  if (!text) return "by another process";
  const auto json = parse_json(*text);
  if (!json) return "by another process";
  JsonFields fields(*json, "lease");
  const auto pid = fields.required<std::int64_t>("pid");
  const auto host = fields.required<std::string>("host");
  const auto pipeline = fields.required<std::string>("pipeline");
  const auto since = fields.required<std::string>("since");
  if (!fields.finish()) return "by another process";
  return fmt::format("by pid {} on host {} (pipeline {}) since {}", pid, host, pipeline, since);
}

}  // namespace

Result<Lease> Lease::take(const fs::Path& path, const std::string& pipeline, Micros now) {
  fs::OpenFile file = TRY(fs::OpenFile::open(path));
  if (!TRY(file.try_lock())) {
    return fail(
        Fault::config,
        "the checkpoint is in use " + holder(file) + ": stop that one, or give this pipeline another checkpoint.path",
        path.parent_path().string());
  }
  const Json json{{"pid", getpid()}, {"host", host_name()}, {"pipeline", pipeline}, {"since", format_rfc3339(now)}};
  TRY(file.overwrite(dump_json(json) + "\n"));
  return Lease(std::move(file));
}

}  // namespace weir
