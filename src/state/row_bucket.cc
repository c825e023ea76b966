#include "state/row_bucket.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/hash.h"
#include "state/byte_stream.h"

namespace weir {
namespace {

constexpr std::uint32_t erased = UINT32_MAX;  // in place of a row's size
constexpr std::size_t header = 8;             // sizes of key and row
constexpr std::size_t page_least = 1 << 10;
constexpr std::size_t page_most = 256 << 10;

std::uint32_t short_hash(std::string_view key) { return static_cast<std::uint32_t>(hash64(key)); }

std::uint32_t load32(const char* from) {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return value;
}

StoredRow view(const char* bytes) {
  const std::uint32_t key_size = load32(bytes);
  const std::uint32_t row_size = load32(bytes + 4);
  StoredRow row{{bytes + header, key_size}, std::nullopt};
  if (row_size != erased) row.row = std::string_view(bytes + header + key_size, row_size);
  return row;
}

std::uint64_t stored_size(const StoredRow& row) { return header + row.key.size() + (row.row ? row.row->size() : 0); }

void append(ByteWriter& out, const StoredRow& row) {
  out.text(row.key);
  out.varint(row.row ? row.row->size() + 1 : 0);
  if (row.row) out.raw(row.row->data(), row.row->size());
}

}  // namespace

std::optional<std::uint32_t> RowBucket::find(std::string_view key) const {
  std::optional<std::uint32_t> found;
  index_.find(short_hash(key), [&](std::uint32_t entry) {
    if (view(rows_[entry]).key != key) return false;
    found = entry;
    return true;
  });
  return found;
}

StoredRow RowBucket::at(std::uint32_t entry) const { return view(rows_[entry]); }

void RowBucket::prefetch(std::string_view key) const { index_.prefetch(short_hash(key)); }

const char* RowBucket::store(std::string_view key, std::optional<std::string_view> row) {
  const std::size_t size = header + key.size() + (row ? row->size() : 0);
  CHECK(key.size() < erased && (!row || row->size() < erased));
  if (page_used_ + size > page_size_) {
    page_size_ = std::max(size, std::clamp(page_size_ * 2, page_least, page_most));
    page_used_ = 0;
    pages_.emplace_back(new char[page_size_]);
    pages_bytes_ += page_size_;
  }
  char* const at = pages_.back().get() + page_used_;
  page_used_ += size;
  const auto key_size = static_cast<std::uint32_t>(key.size());
  const std::uint32_t row_size = row ? static_cast<std::uint32_t>(row->size()) : erased;
  std::memcpy(at, &key_size, 4);
  std::memcpy(at + 4, &row_size, 4);
  std::memcpy(at + header, key.data(), key.size());
  if (row) std::memcpy(at + header + key.size(), row->data(), row->size());
  return at;
}

void RowBucket::count(const StoredRow& row, int by) {
  const std::uint64_t size = stored_size(row);
  std::uint64_t& bytes = row.row ? live_bytes_ : erased_bytes_;
  bytes = by > 0 ? bytes + size : bytes - size;
  if (row.row) live_ = by > 0 ? live_ + 1 : live_ - 1;
}

bool RowBucket::set(std::string_view key, std::optional<std::string_view> row) {
  const std::uint32_t hash = short_hash(key);
  const auto entry = find(key);
  const char* const stored = store(key, row);
  count(view(stored), 1);
  if (!entry) {
    const auto number = static_cast<std::uint32_t>(rows_.size());
    undo_.push_back({number, nullptr});
    rows_.push_back(stored);
    asked_.push_back(0);
    index_.add(hash, number);
    return false;
  }
  const char* const before = rows_[*entry];
  undo_.push_back({*entry, before});
  rows_[*entry] = stored;
  count(view(before), -1);
  return view(before).row.has_value();
}

std::string RowBucket::encode_changes() const {
  std::vector<std::uint32_t> changed;
  changed.reserve(undo_.size());
  for (const Undo& undo : undo_) changed.push_back(undo.entry);
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  ByteWriter out;
  out.varint(changed.size());
  for (const std::uint32_t entry : changed) append(out, at(entry));
  return out.take();
}

std::string RowBucket::encode_all(bool with_erased) const {
  ByteWriter out;
  out.reserve(live_bytes_ + 16);
  std::uint64_t rows = 0;
  for (const char* const bytes : rows_) rows += with_erased || view(bytes).row ? 1 : 0;
  out.varint(rows);
  for (const char* const bytes : rows_)
    if (with_erased || view(bytes).row) append(out, view(bytes));
  return out.take();
}

Status RowBucket::apply(std::string_view block) {
  ByteReader in(block);
  std::uint64_t rows = 0;
  if (!in.varint(rows)) return fail(Fault::data, "a block of rows is cut short");
  for (; rows > 0; --rows) {
    std::string_view key;
    std::uint64_t size = 0;
    std::string_view row;
    if (!in.text(key) || !in.varint(size) || (size > 0 && !in.view(row, size - 1)))
      return fail(Fault::data, "a block of rows is cut short");
    set(key, size > 0 ? std::optional(row) : std::nullopt);
  }
  if (in.left() != 0) return fail(Fault::data, "a block of rows has bytes left over");
  return {};
}

void RowBucket::merge(bool keep_erased) {
  undo_.clear();
  const std::uint64_t useful = live_bytes_ + (keep_erased ? erased_bytes_ : 0);
  if (pages_bytes_ > page_most && useful * 2 < pages_bytes_) return rebuild(keep_erased);
  if (pages_bytes_ <= page_most && useful * 4 < pages_bytes_ && pages_.size() > 1) rebuild(keep_erased);
}

void RowBucket::rebuild(bool keep_erased) {
  const std::vector<std::unique_ptr<char[]>> pages_before = std::move(pages_);
  const std::vector<const char*> rows_before = std::move(rows_);
  pages_.clear();
  rows_.clear();
  asked_.clear();
  index_.clear();
  page_size_ = page_used_ = 0;
  pages_bytes_ = live_ = live_bytes_ = erased_bytes_ = 0;
  for (const char* const bytes : rows_before) {
    const StoredRow row = view(bytes);
    if (row.row || keep_erased) set(row.key, row.row);
  }
  undo_.clear();
}

void RowBucket::discard() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
    const StoredRow row = at(undo->entry);
    count(row, -1);
    if (undo->before != nullptr) {
      rows_[undo->entry] = undo->before;
      count(view(undo->before), 1);
      continue;
    }
    index_.remove(short_hash(row.key), undo->entry);
    rows_.pop_back();  // entries are undone in the order opposite to their making
    asked_.pop_back();
  }
  undo_.clear();
}

bool RowBucket::first_asked(std::uint32_t entry, std::uint32_t round) {
  const bool first = asked_[entry] != round;
  asked_[entry] = round;
  return first;
}

std::uint64_t RowBucket::memory() const {
  return pages_bytes_ + index_.memory() + rows_.capacity() * sizeof(char*) + asked_.capacity() * sizeof(std::uint32_t) +
         sizeof(RowBucket);
}

}  // namespace weir
