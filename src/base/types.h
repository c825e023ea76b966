#pragma once
// Named types for each kind of number, so that an offset is never taken for a batch number.

#include <compare>
#include <cstdint>
#include <functional>

namespace weir {

// A number with a name. Explicit in, `.value` out; ordered; `next()` is one more.
template <class Tag, class Rep>
struct Number {
  Rep value{};
  constexpr Number() = default;
  constexpr explicit Number(Rep v) : value(v) {}
  constexpr auto operator<=>(const Number&) const = default;
  constexpr Number next() const { return Number(static_cast<Rep>(value + 1)); }
};

using Offset = Number<struct OffsetTag, std::int64_t>;          // place of a record in a partition
using PartitionId = Number<struct PartitionTag, std::int32_t>;  // partition of a topic
using BatchNumber = Number<struct BatchTag, std::uint64_t>;     // the N of a batch, from 1
using Epoch = Number<struct EpochTag, std::uint64_t>;           // raised each time a checkpoint is opened, from 1
using Bytes = Number<struct BytesTag, std::uint64_t>;

// Microseconds since 1970-01-01T00:00:00Z; event time and Kafka timestamps.
using Micros = Number<struct MicrosTag, std::int64_t>;

}  // namespace weir

template <class Tag, class Rep>
struct std::hash<weir::Number<Tag, Rep>> {
  std::size_t operator()(const weir::Number<Tag, Rep>& n) const noexcept { return std::hash<Rep>{}(n.value); }
};
