#include "formats/dead_letter.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/check.h"
#include "base/hash.h"
#include "formats/column_writer.h"
#include "formats/headers_writer.h"
#include "formats/json_encoder.h"

namespace weir {
namespace {

enum Place : std::size_t {
  value,
  key,
  headers,
  topic,
  partition,
  offset,
  timestamp,
  code,
  field,
  message,
  step,
  rule,
  owner,
  contract,
  spec_hash,
  batch,
  time,
  src,
  place_count
};

Schema make_schema() {
  const auto simple = [](TypeKind kind) { return Type{kind, 0, 0, {}}; };
  const Type text = simple(TypeKind::string);
  const Type moment = simple(TypeKind::timestamp);
  return Schema({{"value", simple(TypeKind::binary), true},
                 {"key", simple(TypeKind::binary), true},
                 {"headers", headers_type(), true},
                 {"topic", text, true},
                 {"partition", simple(TypeKind::int32), true},
                 {"offset", simple(TypeKind::int64), true},
                 {"timestamp", moment, true},
                 {"code", text, false},
                 {"field", text, true},
                 {"message", text, false},
                 {"step", text, false},
                 {"rule", text, true},
                 {"owner", text, true},
                 {"contract", text, true},
                 {"spec_hash", text, false},
                 {"batch", simple(TypeKind::int64), false},
                 {"time", moment, false},
                 {std::string(src_column), simple(TypeKind::uint64), false}});
}

// Finds rows of a batch by `_src`, and writes them as JSON.
class RowText {
 public:
  explicit RowText(const Batch& rows) : rows_(rows), src_(rows.src()), encoder_(rows.schema()) {}

  std::string of(std::uint64_t src) {
    const auto found = std::lower_bound(src_.begin(), src_.end(), src);
    CHECK(found != src_.end() && *found == src, "a dead letter's row is in the batch it came from");
    auto row = static_cast<std::size_t>(found - src_.begin());
    std::string text;
    for (const auto& chunk : rows_.chunks()) {
      if (row < chunk->rows()) {
        encoder_.start(*chunk);
        encoder_.append_row(row, text);
        break;
      }
      row -= chunk->rows();
    }
    return text;
  }

 private:
  const Batch& rows_;
  std::vector<std::uint64_t> src_;
  JsonEncoder encoder_;
};

class Writer {
 public:
  Writer(std::span<const DeadLetterInput> inputs, std::span<const Batch> made, const DeadLetterContext& context)
      : inputs_(inputs.begin(), inputs.end()),
        context_(context),
        hash_(to_hex(context.spec_hash)),
        made_(inputs.size()) {
    for (const Batch& rows : made) inputs_.push_back({nullptr, &rows, {}});
    texts_.resize(inputs_.size());
  }

  std::shared_ptr<const Chunk> chunk(std::span<const Rejected> rejected) {
    auto chunk = std::make_shared<Chunk>(make_chunk(dead_letter_schema()));
    for (std::size_t i = 0; i < place_count; ++i) columns_[i].bind(chunk->column(i));
    headers_.bind(chunk->column(headers));
    for (std::size_t row = 0; row < rejected.size(); ++row) write(row, rejected[row]);
    headers_.finish_chunk();
    duckdb_data_chunk_set_size(chunk->get(), rejected.size());
    return chunk;
  }

 private:
  void write(std::size_t row, const Rejected& rejected) {
    const std::uint64_t source = input_of(src_source(rejected.src));
    CHECK(source < inputs_.size(), "a dead letter's source took part in the batch");
    const DeadLetterInput& input = inputs_[source];
    if (input.records != nullptr) {
      write_record(row, *input.records, src_ordinal(rejected.src));
    } else {
      write_row(row, source, rejected.src);
    }
    columns_[code].put_string(row, to_string(rejected.code));
    put(field, row, rejected.field);
    columns_[message].put_string(row, rejected.message);
    columns_[step].put_string(row, rejected.step);
    put(rule, row, rejected.rule);
    put(owner, row, rejected.owner.empty() ? context_.owner : rejected.owner);
    put(contract, row, input.contract);
    columns_[spec_hash].put_string(row, hash_);
    columns_[batch].put(row, static_cast<std::int64_t>(context_.batch.value));
    columns_[time].put(row, context_.time.value);
    columns_[src].put(row, rejected.src);
  }

  // What steps made comes after the sources.
  std::uint64_t input_of(std::uint64_t source) const {
    const std::uint64_t maker = made_source - source;
    return maker < inputs_.size() - made_ ? made_ + maker : source;
  }

  void write_record(std::size_t row, const RecordBatch& records, std::uint64_t ordinal) {
    CHECK(ordinal < records.records.size(), "a dead letter's record is in the batch it came from");
    const Record& record = records.records[ordinal];
    put_bytes(value, row, record.value_view());
    put_bytes(key, row, record.key_view());
    headers_.write(row, std::span(records.headers).subspan(record.headers_begin, record.headers_count));
    const Stream& stream = records.streams[record.stream];
    columns_[topic].put_string(row, stream.topic);
    columns_[partition].put(row, stream.partition.value);
    columns_[offset].put(row, record.offset.value);
    columns_[timestamp].put(row, record.timestamp.value);
  }

  void write_row(std::size_t row, std::uint64_t source, std::uint64_t src_value) {
    CHECK(inputs_[source].columns != nullptr, "an input has records or columns");
    if (!texts_[source]) texts_[source] = std::make_unique<RowText>(*inputs_[source].columns);
    columns_[value].put_string(row, texts_[source]->of(src_value));
    headers_.write(row, {});
    for (const Place place : {key, headers, topic, partition, offset, timestamp}) columns_[place].set_null(row);
  }

  void put(Place place, std::size_t row, std::string_view text) {
    if (text.empty()) {
      columns_[place].set_null(row);
    } else {
      columns_[place].put_string(row, text);
    }
  }

  void put_bytes(Place place, std::size_t row, std::optional<std::string_view> bytes) {
    if (bytes) {
      columns_[place].put_string(row, *bytes);
    } else {
      columns_[place].set_null(row);
    }
  }

  std::vector<DeadLetterInput> inputs_;
  const DeadLetterContext& context_;
  const std::string hash_;
  const std::size_t made_;                       // index of the first input that a step made
  std::vector<std::unique_ptr<RowText>> texts_;  // by source, made when first needed
  ColumnWriter columns_[place_count];
  HeadersWriter headers_;
};

}  // namespace

const Schema& dead_letter_schema() {
  static const Schema schema = make_schema();
  return schema;
}

Batch make_dead_letters(std::span<const Rejected> rejected, std::span<const DeadLetterInput> inputs,
                        const DeadLetterContext& context, std::span<const Batch> made) {
  CHECK(std::is_sorted(rejected.begin(), rejected.end(),
                       [](const Rejected& a, const Rejected& b) { return a.src < b.src; }),
        "dead letters are in the order of their records");
  static const auto schema = std::make_shared<const Schema>(dead_letter_schema());
  Writer writer(inputs, made, context);
  std::vector<std::shared_ptr<const Chunk>> chunks;
  while (!rejected.empty()) {
    const std::size_t count = std::min<std::size_t>(rejected.size(), duckdb_vector_size());
    chunks.push_back(writer.chunk(rejected.first(count)));
    rejected = rejected.subspan(count);
  }
  return Batch(schema, std::move(chunks));
}

}  // namespace weir
