#include "state/commit.h"

#include "base/json.h"

namespace weir {
namespace {

Json books_json(const BookTotals& books) {
  Json json{{"rows_in", books.rows_in}, {"rows_out", books.rows_out}};
  if (books.held != 0) json["held"] = books.held;
  for (const ReasonCount& left : books.left) json["left"].push_back(Json{{"reason", left.reason}, {"rows", left.rows}});
  return json;
}

Result<BookTotals> books_of(const Json& json) {
  JsonFields fields(json, "commit");
  BookTotals books;
  books.rows_in = fields.required<std::uint64_t>("rows_in");
  books.rows_out = fields.required<std::uint64_t>("rows_out");
  books.held = fields.optional<std::uint64_t>("held");
  if (const Json* const left = fields.array("left")) {
    for (const Json& entry : *left) {
      JsonFields parts(entry, "commit");
      books.left.push_back({parts.required<std::string>("reason"), parts.required<std::uint64_t>("rows")});
      TRY(parts.finish());
    }
  }
  TRY(fields.finish());
  return books;
}

Json sink_json(const SinkLanded& sink) {
  Json json{{"sink", sink.sink}, {"rows", sink.rows}};
  if (sink.files != 0) json["files"] = sink.files;
  if (sink.bytes != 0) json["bytes"] = sink.bytes;
  if (sink.batch.value != 0) json["batch"] = sink.batch.value;
  return json;
}

Result<SinkLanded> sink_of(const Json& json) {
  JsonFields fields(json, "commit");
  SinkLanded sink;
  sink.sink = fields.required<std::string>("sink");
  sink.rows = fields.required<std::uint64_t>("rows");
  sink.files = fields.optional<std::uint64_t>("files");
  sink.bytes = fields.optional<std::uint64_t>("bytes");
  sink.batch = BatchNumber(fields.optional<std::uint64_t>("batch"));
  TRY(fields.finish());
  return sink;
}

Json time_json(const PartitionTime& t) {
  return Json{
      {"source", t.source}, {"topic", t.topic}, {"partition", t.partition.value}, {"event_time", t.event_time.value}};
}

Result<PartitionTime> time_of(const Json& json) {
  JsonFields fields(json, "commit");
  PartitionTime t;
  t.source = fields.required<std::string>("source");
  t.topic = fields.required<std::string>("topic");
  t.partition = PartitionId(fields.required<std::int32_t>("partition"));
  t.event_time = Micros(fields.required<std::int64_t>("event_time"));
  TRY(fields.finish());
  return t;
}

}  // namespace

std::string encode(const Commit& commit) {
  Json json{{"format", commit_format},     {"batch", commit.number.value}, {"plan_hash", commit.plan_hash},
            {"epoch", commit.epoch.value}, {"time", commit.time.value},    {"books", books_json(commit.books)}};
  json["sinks"] = Json::array();
  for (const SinkLanded& sink : commit.sinks) json["sinks"].push_back(sink_json(sink));
  for (const PartitionTime& time : commit.times) json["times"].push_back(time_json(time));
  return dump_json(json);
}

Result<Commit> decode_commit(std::string_view text) {
  const Json json = TRY(parse_stored(text, "commit", commit_format));
  JsonFields fields(json, "commit");
  Commit commit;
  fields.required<std::int32_t>("format");
  commit.number = BatchNumber(fields.required<std::uint64_t>("batch"));
  commit.plan_hash = fields.required<std::uint64_t>("plan_hash");
  commit.epoch = Epoch(fields.required<std::uint64_t>("epoch"));
  commit.time = Micros(fields.required<std::int64_t>("time"));
  commit.books = TRY(books_of(fields.object("books")));
  if (const Json* const sinks = fields.array("sinks"))
    for (const Json& sink : *sinks) commit.sinks.push_back(TRY(sink_of(sink)));
  if (const Json* const times = fields.array("times"))
    for (const Json& time : *times) commit.times.push_back(TRY(time_of(time)));
  TRY(fields.finish());
  return commit;
}

}  // namespace weir
