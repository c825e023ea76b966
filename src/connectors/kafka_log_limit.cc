#include "connectors/kafka_log_limit.h"

#include <utility>

namespace weir {

std::optional<std::uint64_t> KafkaLogLimit::admit(const std::string& connection, const std::string& kind,
                                                  std::string_view text, Clock::Duration now) {
  if (const auto details = text.rfind(" ("); details != std::string_view::npos && text.ends_with(')'))
    text = text.substr(0, details);
  const std::lock_guard lock(mutex_);
  Kind& k = kinds_[{connection, kind}];
  if (!k.since || now - *k.since >= window) {
    k.since = now;
    k.lines = 0;
    std::erase_if(k.written, [&](const auto& entry) { return now - entry.second >= repeat_after; });
  }
  const auto before = k.written.find(text);
  if (k.lines >= lines_max || (before != k.written.end() && now - before->second < repeat_after)) {
    ++k.left_out;
    return std::nullopt;
  }
  ++k.lines;
  k.written.insert_or_assign(std::string(text), now);
  return std::exchange(k.left_out, 0);
}

}  // namespace weir
