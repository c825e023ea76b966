#pragma once
// Writes rows as JSON objects, straight from the vectors. Hidden columns (`_src`, `_op`) are left out; a null is `null`.
//
//   bool, integers   as they are; int64 and wider beyond 2^53 too, as JSON numbers
//   double, float    the shortest text that reads back the same; "NaN", "Infinity", "-Infinity" as strings
//   decimal          a number with all digits of its scale: 12.30
//   timestamp        "2026-01-31T12:00:00.5Z"; as many digits after the second as are needed; timestamp_ntz without Z
//   date, time       "2026-01-31", "12:00:00.5";  interval "P1M2DT3.5S";  uuid as usual
//   binary           base64;  json: the text itself, on one line
//   list, struct     array, object;  map: an object where its keys are strings, else [{"key": ..., "value": ...}]
//
// Threads: one thread an object. Ownership: start(chunk) holds pointers into the chunk until the next start.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"

namespace weir {

class JsonEncoder {
 public:
  explicit JsonEncoder(const Schema& schema);
  ~JsonEncoder();
  JsonEncoder(JsonEncoder&&) noexcept;
  JsonEncoder& operator=(JsonEncoder&&) noexcept;

  void start(const Chunk& chunk);
  // One object, without a line end.
  void append_row(std::size_t row, std::string& out) const;
  // The value as a key of a Kafka record: strings and binary as their bytes, other scalars as their JSON text without quotes,
  // nested values as JSON. False: null, and nothing was appended. `column` is a position in the schema.
  bool append_key(std::size_t column, std::size_t row, std::string& out) const;

  struct Field;

 private:
  std::vector<Field> fields_;  // one a column of the schema
};

// All rows of a batch, one after the other.
struct EncodedRows {
  std::string text;
  std::vector<std::size_t> ends;  // of each row in `text`
  std::string_view row(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(text).substr(begin, ends[i] - begin);
  }
};
EncodedRows encode_json(const Batch& batch);

}  // namespace weir
