#pragma once
// Decides which of librdkafka's log lines are written: of each kind on a connection at most `lines_max` in `window`, and
// the same text once in `repeat_after`, however many clients say it. The next line that is written counts those left out.
//
// Threads: any.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace weir {

class KafkaLogLimit {
 public:
  static constexpr int lines_max = 5;
  static constexpr Clock::Duration window{10'000'000};
  static constexpr Clock::Duration repeat_after{60'000'000};

  // Nothing: leave the line out. Else how many of this kind were left out since one was written. What librdkafka adds in
  // "(...)" at the end, how long it took and how often, does not make another text. `now` by Clock::running.
  std::optional<std::uint64_t> admit(const std::string& connection, const std::string& kind, std::string_view text,
                                     Clock::Duration now);

 private:
  struct Kind {
    std::optional<Clock::Duration> since;  // when the window began
    int lines = 0;                         // written in it
    std::uint64_t left_out = 0;
    std::map<std::string, Clock::Duration, std::less<>> written;  // texts of the last minute
  };

  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Kind> kinds_;  // guarded by mutex_; librdkafka has a few dozen
};

}  // namespace weir
