#include "state/sealed_rows.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "state/byte_stream.h"
#include "state/checkpoint_history.h"

namespace weir {
namespace {

constexpr std::size_t page_bytes = 16 << 10;

tl::unexpected<Error> malformed() { return fail(damaged("a sealed part of rows is malformed")); }

// The rows of a page, in the order of their keys.
Result<std::vector<StoredRow>> rows_of(std::string_view page) {
  auto rows = decode_rows(page);
  if (!rows) return malformed();
  return *std::move(rows);
}

}  // namespace

SealedRows::Part SealedRows::make(const std::vector<StoredRow>& rows) {
  Part part;
  KeyFilter filter(rows.size());
  std::uint64_t live = 0;
  std::uint64_t hides = 0;
  ByteWriter first;
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    std::size_t size = 0;
    for (; end < rows.size() && size < page_bytes; ++end) {
      const StoredRow& row = rows[end];
      size += row.key.size() + (row.row ? row.row->size() : 0) + 4;
      filter.add(hash128(row.key));
      live += row.row ? 1 : 0;
      hides += row.hides ? 1 : 0;
    }
    first.text(rows[begin].key);
    part.pages.push_back(encode_rows(
        {rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.begin() + static_cast<std::ptrdiff_t>(end)}));
    begin = end;
  }
  ByteWriter text;
  text.varint(live);
  text.varint(hides);
  text.varint(part.pages.size());
  text.text(first.take());
  text.raw(filter.bytes().data(), filter.bytes().size());
  part.text = text.take();
  return part;
}

Status SealedRows::load(std::int64_t bucket, std::uint64_t number, std::string_view text) {
  ByteReader in(text);
  Held held;
  std::uint64_t pages = 0;
  std::string_view first;
  std::string_view bits;
  if (!in.varint(held.rows) || !in.varint(held.hides) || !in.varint(pages) || !in.text(first)) return malformed();
  if (!in.view(bits, in.left()) || !KeyFilter::plausible(bits)) return malformed();
  ByteReader keys(first);
  for (; pages > 0; --pages) {
    std::string_view key;
    if (!keys.text(key)) return malformed();
    held.first.emplace_back(key);
  }
  held.filter = KeyFilter::from_bytes(bits);
  parts_[bucket].insert_or_assign(number, std::move(held));
  return {};
}

void SealedRows::add(std::int64_t bucket, std::uint64_t number, const Part& part) {
  const Status loaded = load(bucket, number, part.text);
  CHECK(loaded.has_value(), "a part that was made here");
}

void SealedRows::take(SealedRows&& other) {
  for (auto& [bucket, parts] : other.parts_) parts_[bucket].merge(parts);
}

void SealedRows::forget(std::int64_t bucket) { parts_.erase(bucket); }

std::size_t SealedRows::parts(std::int64_t bucket) const {
  const auto found = parts_.find(bucket);
  return found == parts_.end() ? 0 : found->second.size();
}

std::vector<std::int64_t> SealedRows::buckets() const {
  std::vector<std::int64_t> starts;
  for (const auto& [bucket, parts] : parts_) starts.push_back(bucket);
  return starts;
}

std::uint64_t SealedRows::rows(std::int64_t bucket) const {
  std::uint64_t rows = 0;
  const auto found = parts_.find(bucket);
  if (found == parts_.end()) return 0;
  for (const auto& [number, part] : found->second) rows += part.rows - part.hides;
  return rows;
}

std::uint64_t SealedRows::memory() const {
  std::uint64_t bytes = 0;
  for (const auto& [bucket, parts] : parts_) {
    for (const auto& [number, part] : parts) {
      bytes += part.filter.bytes().size();
      for (const std::string& key : part.first) bytes += sizeof(std::string) + key.size();
    }
  }
  return bytes;
}

Result<std::optional<std::string_view>> SealedRows::find(const BucketLog& log, std::int64_t bucket,
                                                         std::string_view key, std::deque<std::string>& hold) const {
  const auto found = parts_.find(bucket);
  if (found == parts_.end()) return std::nullopt;
  const Hash128 hash = hash128(key);
  for (auto part = found->second.rbegin(); part != found->second.rend(); ++part) {
    const auto& [number, held] = *part;
    if (!held.filter.maybe(hash)) continue;
    const auto behind = std::upper_bound(held.first.begin(), held.first.end(), key, std::less<>());
    if (behind == held.first.begin()) continue;
    const auto page = static_cast<std::uint32_t>(behind - held.first.begin() - 1);
    const std::string bytes = TRY(log.page(bucket, number, page));
    const std::vector<StoredRow> rows = TRY(rows_of(bytes));
    const auto at = std::lower_bound(rows.begin(), rows.end(), key,
                                     [](const StoredRow& row, std::string_view k) { return row.key < k; });
    if (at == rows.end() || at->key != key) continue;
    if (!at->row) return std::nullopt;
    hold.emplace_back(*at->row);
    return std::string_view(hold.back());
  }
  return std::nullopt;
}

Result<std::vector<StoredRow>> SealedRows::all(const BucketLog& log, std::int64_t bucket,
                                               std::deque<std::string>& hold) const {
  std::vector<StoredRow> rows;
  const auto found = parts_.find(bucket);
  if (found == parts_.end()) return rows;
  // Newest first, so that of equal keys the newest stands first after a stable sort.
  for (auto part = found->second.rbegin(); part != found->second.rend(); ++part) {
    for (std::uint32_t page = 0; page < part->second.first.size(); ++page) {
      hold.push_back(TRY(log.page(bucket, part->first, page)));
      const std::vector<StoredRow> more = TRY(rows_of(hold.back()));
      rows.insert(rows.end(), more.begin(), more.end());
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [](const StoredRow& a, const StoredRow& b) { return a.key < b.key; });
  rows.erase(
      std::unique(rows.begin(), rows.end(), [](const StoredRow& a, const StoredRow& b) { return a.key == b.key; }),
      rows.end());
  std::erase_if(rows, [](const StoredRow& row) { return !row.row; });
  return rows;
}

}  // namespace weir
