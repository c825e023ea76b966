#pragma once
// The statistics of a data file, by which readers leave out files: wrong ones lose rows. What is written, per column of the
// file (nested fields of structs count as columns of their own, the first `indexed` of them):
//
//   nullCount      of every type
//   min and max    not of booleans, binary, arrays and maps; not where all values are null, where a value is NaN or infinite,
//                  or outside the years 1 to 9999
//   texts          the first 32 UTF-16 units; a cut max gets a character behind it that sorts after what was cut
//   timestamps     milliseconds, min rounded down and max rounded up
//   numbers        exact, decimals with their whole scale
//   a zero         min -0.0, max 0.0: readers differ on which is the smaller
//
// Threads: one caller at a time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/batch.h"
#include "delta/layout.h"
#include "sql/session.h"

namespace weir::delta {

// JSON, as `add.stats` holds it.
Result<std::string> statistics(Session& io, const Layout& layout, const Batch& rows);

// At most 32 UTF-16 units that sort at or before / at or after `text`; nullopt: there is no such max.
std::string truncated_min(std::string_view text);
std::optional<std::string> truncated_max(std::string_view text);

}  // namespace weir::delta
