#pragma once
// Carries the outcome of every operation that can fail: a value or an Error.
//
// Fault says whose mistake it was and so what the runner does, in one place: data -> dead letter; external -> send
// the held output again; config -> stop, parked; internal -> abort the process. Exceptions and codes of other
// libraries become an Error in the folder that owns the library (a function named to_error there).
//
// A message has its fixed text first and values last, and says what to do. Threads: plain values.

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace weir {

enum class Fault {
  config,    // the file, the contract or the checkpoint asks for what cannot be: stop, a restart does not cure it
  data,      // one record is wrong: it goes to the dead letters
  external,  // a broker, a disk, a server: what we hold is sent again
  internal,  // our own bug: the process aborts
};

enum class Retry { no, with_backoff };

struct Error {
  Fault fault = Fault::internal;
  Retry retry = Retry::no;
  std::string message;
  std::string place = {};  // file:line:col of the user's file, a path or a topic; empty where there is none

  // "place: message", as users see it.
  std::string text() const { return place.empty() ? message : place + ": " + message; }
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

// Build the failed half of a Result: `return fail(Fault::external, "...")`.
inline tl::unexpected<Error> fail(Fault fault, std::string message, std::string place = {}) {
  const Retry retry = fault == Fault::external ? Retry::with_backoff : Retry::no;
  return tl::unexpected<Error>(Error{fault, retry, std::move(message), std::move(place)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

std::string_view to_string(Fault fault);

}  // namespace weir

// TRY(expr): the value of a Result, or return its error from the enclosing function. A GNU statement
// expression, so use it for one call at a time, never nested, and never inside braces after another value: g++ does not
// destroy what is there of an aggregate when it returns from the middle of it.
#define TRY(...)                                                              \
  __extension__({                                                             \
    auto&& try_result_ = (__VA_ARGS__);                                       \
    if (!try_result_) [[unlikely]]                                            \
      return ::tl::unexpected<::weir::Error>(std::move(try_result_).error()); \
    ::weir::detail::take(std::move(try_result_));                             \
  })

namespace weir::detail {
template <class T>
T take(tl::expected<T, Error>&& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
template <class T>
T take(const tl::expected<T, Error>&& result) {
  if constexpr (!std::is_void_v<T>) return *result;
}
}  // namespace weir::detail
