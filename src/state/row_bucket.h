#pragma once
// The packed rows of one bucket of a state table, found by their whole key. A changed row is written behind the others and
// the old one kept until merge(), so that discard() can go back; what is of no use any more is cleared away when it is
// most of the memory.
//
// Threads: one caller at a time. Ownership: owns its rows; views hold until the next merge, discard or put.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "state/slot_index.h"

namespace weir {

// A row as stored: nullopt for one that was erased. `hides`: a sealed part has a row with this key.
struct StoredRow {
  std::string_view key;
  std::optional<std::string_view> row;
  bool hides = false;
};

// Blocks and pages of rows.
std::string encode_rows(const std::vector<StoredRow>& rows);
// The rows look into `block`; Fault::data for bytes that are none.
Result<std::vector<StoredRow>> decode_rows(std::string_view block);

class RowBucket {
 public:
  RowBucket() = default;
  RowBucket(const RowBucket&) = delete;
  RowBucket& operator=(const RowBucket&) = delete;

  // The number of the entry for this key, be its row there or erased.
  std::optional<std::uint32_t> find(std::string_view key) const;
  StoredRow at(std::uint32_t entry) const;
  std::uint32_t entries() const { return static_cast<std::uint32_t>(rows_.size()); }
  // What find() will need: first where to look, some keys later the row.
  void prefetch(std::string_view key) const;
  void prefetch_row(std::string_view key) const;

  // Sets or, with nullopt, erases. `hides` is for a new entry; an old one keeps what it is.
  void set(std::string_view key, std::optional<std::string_view> row, bool hides = false);
  // The same where find() was asked already.
  void add(std::string_view key, std::optional<std::string_view> row, bool hides);
  void replace(std::uint32_t entry, std::optional<std::string_view> row);

  bool changed() const { return !undo_.empty(); }
  // Blocks of rows: what changed since the last merge; all rows (erased ones too if `with_erased`).
  std::string encode_changes() const;
  std::string encode_all(bool with_erased) const;
  std::vector<StoredRow> all(bool with_erased) const;
  // Applies a block; Fault::data for bytes that are none.
  Status apply(std::string_view block);

  // `keep_erased`: entries of erased rows must stay, because they hide sealed ones.
  void merge(bool keep_erased);
  void discard();

  // Whether this is the first time that the entry is asked for in round `round` (1, 2, ...).
  bool first_asked(std::uint32_t entry, std::uint32_t round);

  std::uint64_t live_rows() const { return live_; }
  std::uint64_t live_bytes() const { return live_bytes_; }
  std::uint64_t hiding() const { return hiding_; }  // entries that hide a sealed row
  std::uint64_t memory() const;

 private:
  struct Undo {
    std::uint32_t entry = 0;
    const char* before = nullptr;  // nullptr: there was no entry
  };

  const char* store(const StoredRow& row);
  void count(const StoredRow& row, int by);
  void rebuild(bool keep_erased);

  std::vector<const char*> rows_;     // by entry: its newest version
  std::vector<std::uint32_t> asked_;  // by entry: the round it was last asked for in
  SlotIndex index_;
  std::vector<Undo> undo_;
  std::vector<std::unique_ptr<char[]>> pages_;
  std::size_t page_size_ = 0;  // of the last page
  std::size_t page_used_ = 0;
  std::uint64_t pages_bytes_ = 0;
  std::uint64_t live_ = 0;
  std::uint64_t hiding_ = 0;
  std::uint64_t live_bytes_ = 0;    // of live rows, as stored in pages
  std::uint64_t erased_bytes_ = 0;  // of entries of erased rows
};

}  // namespace weir
