#include "formats/record_columns.h"

#include <algorithm>
#include <string>

namespace weir {
namespace {

constexpr MetadataColumn order[] = {MetadataColumn::key,    MetadataColumn::topic,     MetadataColumn::partition,
                                    MetadataColumn::offset, MetadataColumn::timestamp, MetadataColumn::headers};

Type simple(TypeKind kind) { return {kind, 0, 0, {}}; }

Column column_of(MetadataColumn kind) {
  switch (kind) {
    case MetadataColumn::key: return {"_key", simple(TypeKind::binary), true};
    case MetadataColumn::topic: return {"_topic", simple(TypeKind::string), false};
    case MetadataColumn::partition: return {"_partition", simple(TypeKind::int32), false};
    case MetadataColumn::offset: return {"_offset", simple(TypeKind::int64), false};
    case MetadataColumn::timestamp: return {"_timestamp", simple(TypeKind::timestamp), false};
    case MetadataColumn::headers: break;
  }
  return {"_headers", headers_type(), false};
}

}  // namespace

RecordColumns::RecordColumns(const std::vector<MetadataColumn>& wanted) {
  for (const MetadataColumn kind : order)
    if (std::find(wanted.begin(), wanted.end(), kind) != wanted.end()) entries_.push_back({kind, {}});
}

void RecordColumns::add_to(Schema& schema) {
  first_ = schema.size();
  for (const Entry& entry : entries_) schema.add(column_of(entry.kind));
  schema.add({std::string(src_column), simple(TypeKind::uint64), false});
}

void RecordColumns::bind(const Chunk& chunk) {
  std::size_t at = first_;
  for (Entry& entry : entries_) {
    entry.column.bind(chunk.column(at++));
    if (entry.kind == MetadataColumn::headers) headers_.bind(entry.column.vector());
  }
  src_.bind(chunk.column(at));
  topic_written_ = false;
}

void RecordColumns::write(std::uint64_t row, const RecordBatch& batch, const Record& record, std::uint64_t src) {
  for (Entry& entry : entries_) {
    switch (entry.kind) {
      case MetadataColumn::key:
        if (record.key == nullptr) {
          entry.column.set_null(row);
        } else {
          entry.column.put_string(row, {record.key, record.key_size});
        }
        break;
      case MetadataColumn::topic: write_topic(entry, row, batch, record); break;
      case MetadataColumn::partition: entry.column.put(row, batch.streams[record.stream].partition.value); break;
      case MetadataColumn::offset: entry.column.put(row, record.offset.value); break;
      case MetadataColumn::timestamp: entry.column.put(row, record.timestamp.value); break;
      case MetadataColumn::headers:
        headers_.write(row, std::span(batch.headers).subspan(record.headers_begin, record.headers_count));
        break;
    }
  }
  src_.put(row, src);
}

void RecordColumns::write_topic(Entry& entry, std::uint64_t row, const RecordBatch& batch, const Record& record) {
  if (topic_written_ && topic_stream_ == record.stream) {
    entry.column.repeat_string(row, topic_row_);
    return;
  }
  entry.column.put_string(row, batch.streams[record.stream].topic);
  topic_written_ = true;
  topic_stream_ = record.stream;
  topic_row_ = row;
}

void RecordColumns::finish_chunk() {
  for (const Entry& entry : entries_)
    if (entry.kind == MetadataColumn::headers) headers_.finish_chunk();
}

}  // namespace weir
