#include "pipeline/retry.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace weir {

void tell_waiting(ProgressListener* listener, const Error& error, Clock::Duration next_try) {
  log::warn("waiting for an external fault to pass; nothing is lost",
            {{"error", error.text()}, {"next_try_ms", fmt::format("{}", next_try.count() / 1000)}});
  if (listener != nullptr) listener->waiting(error, next_try);
}

}  // namespace weir
