#pragma once
// Turns raw records into rows against a contract. Every record has one outcome: a row, or one Rejected with a code; rows
// and rejected together are as many as the records.
//
// Columns of a decoder: the contract's fields (`_extra` last among them under drift.new_field: keep_raw), then the metadata
// columns asked for, in this order: `_key` binary, `_topic` string, `_partition` int32, `_offset` int64, `_timestamp`
// timestamp, `_headers` list<struct<name: string, value: binary>>; then the hidden `_src`.
//
// Threads: one thread an object. Ownership: rows are copies; records may go once decode returns. Errors: only a source of
// more records than `_src` can number, as Fault::internal; a bad record is never an Error.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/source_spec.h"
#include "data/batch.h"
#include "data/record.h"
#include "data/reject.h"
#include "formats/contract.h"

namespace weir {

// How records differ from their contract, whatever the policy makes of it (metric weir_schema_drift_total).
enum class DriftKind { new_field, missing_field, type_change };
std::string_view to_string(DriftKind kind);

struct DriftCount {
  DriftKind kind = DriftKind::new_field;
  std::string field;  // "items[].price"; "@others": beyond the 256 names that are told apart at one place
  std::uint64_t records = 0;
  bool operator==(const DriftCount&) const = default;
};

struct Decoded {
  Batch rows;
  std::vector<Rejected> rejected;  // ordered by `src`
  std::vector<DriftCount> drift;   // of readable records, kind by kind, most frequent first
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual const Schema& schema() const = 0;
  virtual Result<Decoded> decode(const RecordBatch& records, std::uint64_t source_index) = 0;
};

struct DecoderOptions {
  std::string source;                    // its name: Rejected::step
  std::vector<MetadataColumn> metadata;  // in any order
  std::optional<std::vector<std::string>>
      wanted;  // of the contract's fields; others are checked, but no column is made
};

// One JSON object a record. See README.md for what each text becomes.
std::unique_ptr<Decoder> make_json_decoder(Contract contract, DecoderOptions options);

}  // namespace weir
