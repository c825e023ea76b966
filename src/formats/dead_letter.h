#pragma once
// Makes the table of dead letters: each rejected record with its raw bytes, its place and what is wrong with it. Nothing of
// it is derived from a clock of its own: a replay of the batch gives the same bytes.
//
// Columns, all nullable but the ones marked *: value binary, key binary, headers list<struct<name: string, value: binary>>, topic
// string, partition int32, offset int64, timestamp timestamp (Kafka's), code* string, field string, message* string, step*
// string, rule string, owner string, contract string, spec_hash* string (16 hexadecimal digits), batch* int64, time* timestamp;
// then the hidden `_src`. Empty texts are null. Rows of a source that knows its columns and rows that a step made have no raw record:
// `value` is the row as JSON, key to timestamp are null.
//
// Threads: plain functions. Ownership: the rows are copies.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/types.h"
#include "data/batch.h"
#include "data/record.h"
#include "data/reject.h"

namespace weir {

const Schema& dead_letter_schema();

// What a source gave to the batch; one of the two is set.
struct DeadLetterInput {
  const RecordBatch* records = nullptr;
  const Batch* columns = nullptr;  // with `_src`, ascending
  std::string contract;            // Contract::label()
};

struct DeadLetterContext {
  std::uint64_t spec_hash = 0;
  BatchNumber batch;
  Micros time;        // the batch's clock
  std::string owner;  // of the pipeline, where a Rejected names none
};

// `rejected` is ordered by `src`; `inputs` by source index; `made`: rows that steps made, by their maker (data/schema.h). A `src`
// without an input is a broken promise of ours (CHECK).
Batch make_dead_letters(std::span<const Rejected> rejected, std::span<const DeadLetterInput> inputs,
                        const DeadLetterContext& context, std::span<const Batch> made = {});

}  // namespace weir
