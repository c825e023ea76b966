#include "state/sealed_keys.h"

#include <algorithm>

#include "base/check.h"
#include "state/byte_stream.h"
#include "state/checkpoint_history.h"
#include "state/key_buckets.h"

namespace weir {
namespace {

constexpr std::size_t page_keys = 256;

bool less(const Hash128& a, const Hash128& b) { return a.high != b.high ? a.high < b.high : a.low < b.low; }

}  // namespace

SealedKeys::Part SealedKeys::make(std::vector<std::pair<Hash128, std::uint32_t>> entries) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? less(a.first, b.first) : a.second < b.second;
  });
  Part part;
  KeyFilter filter(entries.size());
  for (const auto& [key, offset] : entries) filter.add(key);
  ByteWriter text;
  text.varint(entries.size());
  text.varint((entries.size() + page_keys - 1) / page_keys);
  for (std::size_t i = 0; i < entries.size(); i += page_keys) {
    text.number(entries[i].first.high);
    const std::size_t end = std::min(entries.size(), i + page_keys);
    part.pages.push_back(encode_keys(
        {entries.begin() + static_cast<std::ptrdiff_t>(i), entries.begin() + static_cast<std::ptrdiff_t>(end)}));
  }
  text.raw(filter.bytes().data(), filter.bytes().size());
  part.text = text.take();
  return part;
}

void SealedKeys::add(std::int64_t bucket, std::uint64_t number, const Part& part) {
  const Status loaded = load(bucket, number, part.text);
  CHECK(loaded.has_value(), "a part that was made here");
}

Status SealedKeys::load(std::int64_t bucket, std::uint64_t number, std::string_view text) {
  ByteReader in(text);
  Held held;
  std::uint64_t pages = 0;
  std::string_view bits;
  bool whole = in.varint(held.rows) && in.varint(pages) && pages <= in.left() / 8;
  if (whole) {
    held.first.resize(pages);
    whole = in.raw(held.first.data(), pages * 8) && in.view(bits, in.left()) && KeyFilter::plausible(bits);
  }
  if (!whole) return fail(damaged("a sealed part of keys is malformed"));
  held.filter = KeyFilter::from_bytes(bits);
  parts_.insert_or_assign({bucket, number}, std::move(held));
  return {};
}

void SealedKeys::take(SealedKeys&& other) { parts_.merge(other.parts_); }

void SealedKeys::drop_until(std::int64_t start) {
  while (!parts_.empty() && parts_.begin()->first.first <= start) parts_.erase(parts_.begin());
}

std::uint64_t SealedKeys::rows() const {
  std::uint64_t rows = 0;
  for (const auto& [place, part] : parts_) rows += part.rows;
  return rows;
}

std::uint64_t SealedKeys::rows_until(std::int64_t start) const {
  std::uint64_t rows = 0;
  for (const auto& [place, part] : parts_)
    if (place.first <= start) rows += part.rows;
  return rows;
}

std::uint64_t SealedKeys::memory() const {
  std::uint64_t bytes = 0;
  for (const auto& [place, part] : parts_) bytes += part.filter.bytes().size() + part.first.size() * 8;
  return bytes;
}

Result<bool> SealedKeys::match(const BucketLog& log, const Hash128& key, std::int64_t from, std::int64_t to,
                               std::int64_t width) const {
  for (const auto& [place, part] : parts_) {
    if (place.first > to) break;
    if (place.first < from && from - place.first >= width) continue;
    if (!part.filter.maybe(key)) continue;
    if (TRY(match_part(log, place, part, key, from, to))) return true;
  }
  return false;
}

Result<bool> SealedKeys::match_part(const BucketLog& log, const Place& place, const Held& part, const Hash128& key,
                                    std::int64_t from, std::int64_t to) {
  // The last page that begins below the key, and those that begin with its upper half.
  const auto behind = std::upper_bound(part.first.begin(), part.first.end(), key.high);
  auto page = std::lower_bound(part.first.begin(), behind, key.high);
  if (page != part.first.begin()) --page;
  for (; page != behind; ++page) {
    const std::string bytes =
        TRY(log.page(place.first, place.second, static_cast<std::uint32_t>(page - part.first.begin())));
    KeyBlock block;
    if (!decode_keys(bytes, block)) return fail(damaged("a page of keys is malformed"));
    std::uint64_t low = 0;
    std::uint64_t high = block.count;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      less(block.key(middle), key) ? low = middle + 1 : high = middle;
    }
    for (; low < block.count && block.key(low) == key; ++low) {
      const std::int64_t time = place.first + block.offset(low);
      if (time >= from && time <= to) return true;
    }
  }
  return false;
}

}  // namespace weir
