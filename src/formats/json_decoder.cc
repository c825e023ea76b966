#include <utility>

#include "base/check.h"
#include "formats/decoder.h"
#include "formats/json_reader.h"
#include "formats/record_columns.h"

namespace weir {
namespace {

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(Contract contract, DecoderOptions options)
      : contract_(std::move(contract)),
        source_(std::move(options.source)),
        reader_(contract_, options.wanted),
        around_(options.metadata) {
    auto schema = std::make_shared<Schema>(reader_.schema());
    around_.add_to(*schema);
    schema_ = std::move(schema);
  }

  const Schema& schema() const override { return *schema_; }

  Result<Decoded> decode(const RecordBatch& records, std::uint64_t source_index) override {
    const std::size_t count = records.records.size();
    if (src_ordinal(count) != count) return fail(Fault::internal, "a batch has more records than _src can number");
    Decoded out;
    chunks_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const Record& record = records.records[i];
      const std::uint64_t src = make_src(source_index, i);
      if (!accept(records, record, src, out.rejected)) continue;
      if (++row_ == rows_max_) finish_chunk();
    }
    finish_chunk();
    reader_.shrink();
    out.rows = Batch(schema_, std::exchange(chunks_, {}));
    out.drift = reader_.take_drift();
    CHECK(out.rows.rows() + out.rejected.size() == count, "every record has one outcome");
    return out;
  }

 private:
  bool accept(const RecordBatch& records, const Record& record, std::uint64_t src, std::vector<Rejected>& rejected) {
    if (record.value == nullptr) {
      rejected.push_back({src, Code::null_value, {}, "the record has no value (a tombstone)", source_});
      return false;
    }
    if (!chunk_) start_chunk();
    const auto& problem = reader_.read({record.value, record.value_size}, row_);
    if (problem) {
      rejected.push_back({src, problem->code, problem->field, problem->message, source_});
      return false;
    }
    reader_.keep();
    around_.write(row_, records, record, src);
    return true;
  }

  void start_chunk() {
    chunk_ = std::make_shared<Chunk>(make_chunk(*schema_));
    row_ = 0;
    reader_.bind(*chunk_);
    around_.bind(*chunk_);
  }

  void finish_chunk() {
    if (!chunk_) return;
    if (row_ > 0) {
      reader_.finish_chunk();
      around_.finish_chunk();
      duckdb_data_chunk_set_size(chunk_->get(), row_);
      chunks_.push_back(std::move(chunk_));
    }
    chunk_.reset();
    row_ = 0;
  }

  const Contract contract_;
  const std::string source_;
  JsonReader reader_;
  RecordColumns around_;
  std::shared_ptr<const Schema> schema_;
  const std::uint64_t rows_max_ = duckdb_vector_size();
  std::shared_ptr<Chunk> chunk_;
  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::uint64_t row_ = 0;
};

}  // namespace

std::string_view to_string(DriftKind kind) {
  switch (kind) {
    case DriftKind::new_field: return "new_field";
    case DriftKind::missing_field: return "missing_field";
    case DriftKind::type_change: return "type_change";
  }
  return "new_field";
}

std::unique_ptr<Decoder> make_json_decoder(Contract contract, DecoderOptions options) {
  return std::make_unique<JsonDecoder>(std::move(contract), std::move(options));
}

}  // namespace weir
