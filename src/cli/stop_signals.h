#pragma once
// Turns SIGTERM and SIGINT into a stop request; a second one ends the process at once.
//
// Threads: make it on the main thread before any other thread starts (it blocks the signals for all of them).

#include <stop_token>
#include <thread>

namespace weir {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread waiter_;
};

}  // namespace weir
