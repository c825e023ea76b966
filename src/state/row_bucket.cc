#include "state/row_bucket.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/hash.h"
#include "state/byte_stream.h"

namespace weir {
namespace {

constexpr std::uint32_t erased = UINT32_MAX;                 // in place of a row's size
constexpr std::uint32_t hides_bit = std::uint32_t{1} << 31;  // in a key's size
constexpr std::size_t header = 8;                            // sizes of key and row
constexpr std::size_t page_least = 1 << 10;
constexpr std::size_t page_most = 256 << 10;

std::uint32_t short_hash(std::string_view key) { return static_cast<std::uint32_t>(hash64(key)); }

std::uint32_t load32(const char* from) {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return value;
}

StoredRow view(const char* bytes) {
  const std::uint32_t key_size = load32(bytes) & ~hides_bit;
  const std::uint32_t row_size = load32(bytes + 4);
  StoredRow row{{bytes + header, key_size}, std::nullopt, (load32(bytes) & hides_bit) != 0};
  if (row_size != erased) row.row = std::string_view(bytes + header + key_size, row_size);
  return row;
}

std::uint64_t stored_size(const StoredRow& row) { return header + row.key.size() + (row.row ? row.row->size() : 0); }

// The size and two bits: whether there is a row, whether it hides one.
void append(ByteWriter& out, const StoredRow& row) {
  out.text(row.key);
  out.varint((row.row ? row.row->size() : 0) << 2 | (row.row ? 2 : 0) | (row.hides ? 1 : 0));
  if (row.row) out.raw(row.row->data(), row.row->size());
}

}  // namespace

std::string encode_rows(const std::vector<StoredRow>& rows) {
  ByteWriter out;
  std::size_t size = 10;
  for (const StoredRow& row : rows) size += stored_size(row);
  out.reserve(size);
  out.varint(rows.size());
  for (const StoredRow& row : rows) append(out, row);
  return out.take();
}

Result<std::vector<StoredRow>> decode_rows(std::string_view block) {
  ByteReader in(block);
  std::uint64_t count = 0;
  if (!in.varint(count) || count > in.left()) return fail(Fault::data, "a block of rows is cut short");
  std::vector<StoredRow> rows;
  rows.reserve(count);
  for (; count > 0; --count) {
    StoredRow row;
    std::uint64_t size = 0;
    std::string_view bytes;
    if (!in.text(row.key) || !in.varint(size) || !in.view(bytes, size >> 2))
      return fail(Fault::data, "a block of rows is cut short");
    if ((size & 2) != 0) row.row = bytes;
    row.hides = (size & 1) != 0;
    rows.push_back(row);
  }
  if (in.left() != 0) return fail(Fault::data, "a block of rows has bytes left over");
  return rows;
}

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

void RowBucket::prefetch_row(std::string_view key) const {
  index_.find(short_hash(key), [this](std::uint32_t entry) {
    __builtin_prefetch(rows_[entry]);
    return true;
  });
}

const char* RowBucket::store(const StoredRow& row) {
  const std::size_t size = stored_size(row);
  CHECK(row.key.size() < hides_bit && (!row.row || row.row->size() < erased));
  if (page_used_ + size > page_size_) {
    page_size_ = std::max(size, std::clamp(page_size_ * 2, page_least, page_most));
    page_used_ = 0;
    pages_.emplace_back(new char[page_size_]);
    pages_bytes_ += page_size_;
  }
  char* const at = pages_.back().get() + page_used_;
  page_used_ += size;
  const std::uint32_t key_size = static_cast<std::uint32_t>(row.key.size()) | (row.hides ? hides_bit : 0);
  const std::uint32_t row_size = row.row ? static_cast<std::uint32_t>(row.row->size()) : erased;
  std::memcpy(at, &key_size, 4);
  std::memcpy(at + 4, &row_size, 4);
  std::memcpy(at + header, row.key.data(), row.key.size());
  if (row.row) std::memcpy(at + header + row.key.size(), row.row->data(), row.row->size());
  return at;
}

void RowBucket::count(const StoredRow& row, int by) {
  const auto step = static_cast<std::uint64_t>(static_cast<std::int64_t>(by));
  (row.row ? live_bytes_ : erased_bytes_) += step * stored_size(row);
  if (row.row) live_ += step;
  if (row.hides) hiding_ += step;
}

void RowBucket::set(std::string_view key, std::optional<std::string_view> row, bool hides) {
  const auto entry = find(key);
  entry ? replace(*entry, row) : add(key, row, hides);
}

void RowBucket::add(std::string_view key, std::optional<std::string_view> row, bool hides) {
  const char* const stored = store({key, row, hides});
  count(view(stored), 1);
  const auto number = static_cast<std::uint32_t>(rows_.size());
  undo_.push_back({number, nullptr});
  rows_.push_back(stored);
  asked_.push_back(0);
  index_.add(short_hash(key), number);
}

void RowBucket::replace(std::uint32_t entry, std::optional<std::string_view> row) {
  const StoredRow before = at(entry);
  const char* const stored = store({before.key, row, before.hides});
  undo_.push_back({entry, rows_[entry]});
  rows_[entry] = stored;
  count(before, -1);
  count(view(stored), 1);
}

std::string RowBucket::encode_changes() const {
  std::vector<std::uint32_t> changed;
  changed.reserve(undo_.size());
  for (const Undo& undo : undo_) changed.push_back(undo.entry);
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  std::vector<StoredRow> rows;
  rows.reserve(changed.size());
  for (const std::uint32_t entry : changed) rows.push_back(at(entry));
  return encode_rows(rows);
}

std::string RowBucket::encode_all(bool with_erased) const { return encode_rows(all(with_erased)); }

std::vector<StoredRow> RowBucket::all(bool with_erased) const {
  std::vector<StoredRow> rows;
  rows.reserve(rows_.size());
  for (const char* const bytes : rows_)
    if (with_erased || view(bytes).row) rows.push_back(view(bytes));
  return rows;
}

Status RowBucket::apply(std::string_view block) {
  for (const StoredRow& row : TRY(decode_rows(block))) set(row.key, row.row, row.hides);
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
  pages_bytes_ = live_ = live_bytes_ = erased_bytes_ = hiding_ = 0;
  for (const char* const bytes : rows_before) {
    const StoredRow row = view(bytes);
    if (row.row || keep_erased) set(row.key, row.row, row.hides);
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
