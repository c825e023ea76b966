#include "delta/configuration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <sstream>

namespace weir::delta {
namespace {

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::optional<std::int64_t> unit_ms(std::string_view unit) {
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  static constexpr Unit units[] = {{"millisecond", 1},  {"second", 1000},    {"minute", 60'000},
                                   {"hour", 3'600'000}, {"day", 86'400'000}, {"week", 604'800'000}};
  if (unit.ends_with('s')) unit.remove_suffix(1);
  for (const Unit& one : units)
    if (one.name == unit) return one.ms;
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_interval_ms(std::string_view text) {
  std::istringstream words(lower(std::string(text)));
  std::string word;
  std::string unit;
  std::int64_t total = 0;
  bool any = false;
  while (words >> word) {
    if (word == "interval" && !any) continue;
    const auto count = parse_integer(word);
    if (!count || !(words >> unit)) return std::nullopt;
    const auto ms = unit_ms(unit);
    std::int64_t product = 0;
    if (!ms || __builtin_mul_overflow(*count, *ms, &product) || __builtin_add_overflow(total, product, &total))
      return std::nullopt;
    any = true;
  }
  return any ? std::optional(total) : std::nullopt;
}

Configuration::Configuration(const Metadata& metadata) {
  const auto find = [&](const char* key) -> std::optional<std::string> {
    const auto found = metadata.configuration.find(key);
    if (found == metadata.configuration.end()) return std::nullopt;
    return found->second;
  };
  if (const auto text = find("delta.checkpointInterval"))
    checkpoint_interval_ = std::max<std::int64_t>(1, parse_integer(*text).value_or(checkpoint_interval_));
  if (const auto text = find("delta.checkpoint.writeStatsAsStruct")) stats_as_struct_ = lower(*text) == "true";
  if (const auto text = find("delta.deletedFileRetentionDuration"))
    deleted_file_retention_ms_ = parse_interval_ms(*text).value_or(deleted_file_retention_ms_);
  if (const auto text = find("delta.dataSkippingNumIndexedCols"))
    indexed_columns_ = parse_integer(*text).value_or(indexed_columns_);
  if (const auto text = find("delta.parquet.compression.codec")) {
    static constexpr std::array<std::string_view, 5> known = {"zstd", "snappy", "gzip", "uncompressed", "lz4_raw"};
    const std::string codec = lower(*text) == "none" ? "uncompressed" : lower(*text);
    if (std::find(known.begin(), known.end(), codec) != known.end()) compression_ = codec;
  }
}

}  // namespace weir::delta
