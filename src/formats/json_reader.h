#pragma once
// Reads one JSON record into the vectors of a contract's fields: walks and checks all of it, writes the columns that are made,
// says what is wrong with it.
//
//   read(text)  a Verdict; of an accepted record the row is written
//   keep()      the row stays: the lists' elements behind it are its own
//   (no keep)   the next read writes the same row over
//
// Threads: one thread an object. Ownership: the contract must outlive the reader; the chunk given to bind, the reads.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/contract.h"
#include "formats/decoder.h"
#include "formats/json_field.h"
#include "formats/json_index.h"
#include "formats/json_walk.h"

namespace weir {

class JsonReader {
 public:
  JsonReader(const Contract& contract, const std::optional<std::vector<std::string>>& wanted);
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // Columns that are made, in order, `_extra` too.
  Schema schema() const;
  // The chunk's first columns are those of schema().
  void bind(const Chunk& chunk);
  // nullopt: accepted and written at `row`.
  const std::optional<RecordProblem>& read(std::string_view text, std::uint64_t row);
  void keep();
  void finish_chunk();
  // Gives back what a very large record took.
  void shrink();
  // What was counted since the last call.
  std::vector<DriftCount> take_drift();

 private:
  using At = JsonWalk::At;

  const std::optional<RecordProblem>& unreadable(Code code, std::string message);
  void read_root(std::uint64_t row);
  bool read_object(JsonField& object, std::uint64_t row, std::uint32_t depth, const RecordPath* path);
  bool read_member(JsonField& object, At at, std::size_t& slot, std::size_t& known, std::uint64_t row,
                   std::uint32_t depth, const RecordPath* path);
  bool read_unknown(JsonField& object, JsonShape::Id id, At at, std::uint32_t depth, const RecordPath& here);
  void fill_absent(JsonField& object, std::uint64_t row, const RecordPath* path);
  bool read_value(JsonField& field, At at, std::uint64_t row, std::uint32_t depth, const RecordPath& path);
  bool read_null(JsonField& field, At at, std::uint64_t row, const RecordPath& path);
  bool read_string(JsonField& field, At at, std::uint64_t row, const RecordPath& path);
  bool read_text_value(JsonField& field, At at, std::uint64_t row, const RecordPath& path);
  bool read_number(JsonField& field, At at, std::uint64_t row, const RecordPath& path);
  bool read_epoch(JsonField& field, At at, std::uint64_t row, const RecordPath& path);
  bool read_list(JsonField& list, std::uint64_t row, std::uint32_t depth, const RecordPath& path);
  bool take_element(JsonField& list, const RecordPath* path);
  bool read_json(JsonField& field, At at, std::uint64_t row, std::uint32_t depth, const RecordPath& path);
  void put_decimal(JsonField& field, const JsonNumber& number, At at, std::uint64_t row, const RecordPath& path);
  // The value at `at` is of another type: walks over it, then notes or nulls it as the drift policy says.
  bool mismatch(JsonField& field, At at, std::uint64_t row, std::uint32_t depth, const RecordPath& path);
  void changed(JsonField& field, At at, std::uint64_t row, const RecordPath& path, std::string_view because);
  void out_of_range(At at, const RecordPath& path, std::string_view why);
  void out_of_bounds(const JsonField& field, At at, const RecordPath& path);

  void count(DriftTally& tally) { pending_.push_back(&tally); }

  const Contract& contract_;
  DriftSpec drift_;
  JsonField root_;
  std::vector<JsonField*> lists_;  // all of the tree that are made
  std::vector<JsonField*> columns_;
  ColumnWriter extra_column_;
  JsonIndex index_;
  JsonWalk walk_;
  std::optional<RecordProblem> rejected_;
  std::string scratch_;
  std::string extra_;
  std::uint64_t serial_ = 0;
  std::uint64_t element_bytes_ = 0;   // that the record's lists take in their child vectors
  std::vector<DriftTally*> pending_;  // counted if the record is readable
};

}  // namespace weir
