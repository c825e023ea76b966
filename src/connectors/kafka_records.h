#pragma once
// Makes a batch's rows into records of Kafka: the row as JSON, the key, the headers. Everything that is sent points into
// this, so it outlives what is on its way.
//
// Threads: plain values. Errors: Fault::config where a named column is not there.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/sink_spec.h"
#include "data/batch.h"

namespace weir {

struct KafkaRecords {
  // Bytes of a column, one entry a row; `present` is false for a null.
  struct Texts {
    std::string text;
    std::vector<std::size_t> ends;
    std::vector<bool> present;
    std::string_view at(std::size_t row) const {
      const std::size_t begin = row == 0 ? 0 : ends[row - 1];
      return std::string_view(text).substr(begin, ends[row] - begin);
    }
  };

  Texts values;
  std::optional<Texts> keys;
  std::vector<std::pair<std::string, Texts>> headers;
  std::size_t size = 0;

  std::uint64_t bytes_of(std::size_t row) const;  // on the wire, uncompressed
  std::uint64_t bytes() const { return values.text.size() + (keys ? keys->text.size() : 0); }
};

Result<KafkaRecords> to_kafka_records(const Batch& rows, const KafkaSinkSpec& spec, const std::string& place);

}  // namespace weir
