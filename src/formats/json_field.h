#pragma once
// Holds what the JSON decoder knows of one place of a contract: its type and rules, the vector it writes to, how often it
// drifted, and for an object the order in which the fields came last time, since the next record has most often the same.
//
// Threads: one thread an object. Ownership: points to the ContractField, which must outlive it.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/column_writer.h"
#include "formats/contract.h"
#include "formats/short_bytes.h"

namespace weir {

// How many records drifted at one place.
struct DriftTally {
  std::uint64_t records = 0;
  std::uint64_t last = 0;  // serial of the record counted last
};

// A field that the contract does not have.
struct UnknownField {
  std::string name;
  DriftTally tally;
  std::uint64_t seen_in = 0;  // serial of the object that had it last
};

// Finds the fields of an object by name: first where it expects them, then by hash.
class JsonShape {
 public:
  // A field of the contract from 0; ~id of an unknown field; or one more than we remember.
  using Id = std::int32_t;
  static constexpr Id stranger = -1'000'000;

  void add_known(std::string name);
  // The field whose name stands behind the quote at `quote`, if it is the one expected at `slot` or shortly after, which
  // moves on then; `name_size` is set.
  bool expected(std::string_view text, std::size_t quote, std::size_t& slot, Id& id, std::size_t& name_size) const;
  // By hash. `plain`: written without escapes, so that the name may take a slot.
  Id find(std::string_view name, bool plain, std::size_t& slot);

  UnknownField& unknown(Id id) {
    const Id place = ~id;
    return unknown_[static_cast<std::size_t>(place)];
  }
  std::deque<UnknownField>& unknown() { return unknown_; }

 private:
  // Bounded, since a record can invent any number of names.
  static constexpr std::size_t slots_max = 512;
  static constexpr std::size_t unknown_max = 256;
  static constexpr std::size_t look_ahead = 6;

  struct Slot {
    std::string name;
    Id id;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  std::vector<Slot> slots_;
  std::unordered_map<std::string, Id, Hash, std::equal_to<>> by_name_;
  std::deque<UnknownField> unknown_;
};

inline bool JsonShape::expected(std::string_view text, std::size_t quote, std::size_t& slot, Id& id,
                                std::size_t& name_size) const {
  for (std::size_t i = slot, stop = slot + look_ahead; i < slots_.size() && i < stop; ++i) {
    const std::string& name = slots_[i].name;
    const std::size_t close = quote + 1 + name.size();
    // With its closing quote; a name in a slot has no escapes, so that quote does close it.
    if (close < text.size() && text[close] == '"' && equal_bytes(text.data() + quote + 1, name.data(), name.size())) {
      slot = i + 1;
      id = slots_[i].id;
      name_size = name.size();
      return true;
    }
  }
  return false;
}

struct JsonField {
  std::string name;
  Type type;
  TypeKind kind = TypeKind::structure;
  TimestampFormat format = TimestampFormat::rfc3339;
  bool required = false;
  bool nullable = true;
  bool made = false;                     // a column is made of it
  bool checked = false;                  // `rules` has values, a pattern or bounds
  const ContractField* rules = nullptr;  // of a field of the record itself

  ColumnWriter column;
  std::vector<JsonField> children;
  JsonShape shape;            // of an object
  std::uint64_t object = 0;   // serial of the object read last at this place
  std::uint64_t seen_in = 0;  // `object` of the parent that had this field last
  // Of a list: elements in the child vector, those of accepted rows, and room.
  std::uint64_t elements = 0;
  std::uint64_t elements_kept = 0;
  std::uint64_t elements_room = 0;
  std::uint64_t element_bytes = 0;  // what one takes in the child vectors, strings aside

  DriftTally missing;
  DriftTally changed;
  DriftTally strangers;

  // Takes a vector that was made or moved, children too.
  void bind(duckdb_vector vector);
  void start_chunk();
  // Null here and below: DuckDB reads the children of a null struct.
  void set_null(std::uint64_t row);
  // What it takes, in words: "a date such as \"2026-01-31\"".
  std::string expected() const;
  // Room for one more element of a list.
  void make_room();
};

// The record itself: an object of the contract's fields. `wanted` as in DecoderOptions.
JsonField make_root_field(const Contract& contract, const std::optional<std::vector<std::string>>& wanted);

}  // namespace weir
