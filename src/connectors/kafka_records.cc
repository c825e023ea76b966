#include "connectors/kafka_records.h"

#include "formats/json_encoder.h"

namespace weir {
namespace {

constexpr std::uint64_t record_overhead = 100;  // of a batch's header and a record's own fields

}  // namespace

std::uint64_t KafkaRecords::bytes_of(std::size_t row) const {
  std::uint64_t bytes = values.at(row).size() + (keys ? keys->at(row).size() : 0) + record_overhead;
  for (const auto& [name, texts] : headers) bytes += name.size() + texts.at(row).size() + 4;
  return bytes;
}

Result<KafkaRecords> to_kafka_records(const Batch& rows, const KafkaSinkSpec& spec, const std::string& place) {
  const Schema& schema = rows.schema();
  KafkaRecords records;
  records.size = rows.rows();
  std::vector<std::pair<std::size_t, KafkaRecords::Texts*>> columns;
  const auto add = [&](const std::string& name, KafkaRecords::Texts& texts) -> Status {
    const auto column = schema.find(name);
    if (!column) return fail(Fault::config, "there is no column " + name, place);
    columns.emplace_back(*column, &texts);
    return {};
  };
  if (!spec.key.empty()) TRY(add(spec.key, records.keys.emplace()));
  for (const auto& [name, column] : spec.headers) records.headers.emplace_back(name, KafkaRecords::Texts());
  std::size_t header = 0;
  for (const auto& [name, column] : spec.headers) TRY(add(column, records.headers[header++].second));

  const auto op = schema.find(op_column);
  JsonEncoder encoder(schema);
  for (const auto& chunk : rows.chunks()) {
    encoder.start(*chunk);
    const auto* ops = op ? static_cast<const std::uint8_t*>(duckdb_vector_get_data(chunk->column(*op))) : nullptr;
    for (std::size_t row = 0; row < chunk->rows(); ++row) {
      const bool removed = ops != nullptr && ops[row] == static_cast<std::uint8_t>(Operation::remove);
      if (!removed) encoder.append_row(row, records.values.text);
      records.values.ends.push_back(records.values.text.size());
      records.values.present.push_back(!removed);
      for (const auto& [column, texts] : columns) {
        texts->present.push_back(encoder.append_key(column, row, texts->text));
        texts->ends.push_back(texts->text.size());
      }
    }
  }
  return records;
}

}  // namespace weir
