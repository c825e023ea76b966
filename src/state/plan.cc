#include "state/plan.h"

#include "base/hash.h"
#include "base/json.h"

namespace weir {
namespace {

Json range_json(const PartitionRange& r) {
  Json json;
  if (!r.topic.empty()) json["topic"] = r.topic;
  json["partition"] = r.partition.value;
  json["begin"] = r.begin.value;
  json["end"] = r.end.value;
  if (!r.topic_id.empty()) json["topic_id"] = r.topic_id;
  return json;
}

Result<PartitionRange> range_of(const Json& json) {
  JsonFields fields(json, "plan");
  PartitionRange r;
  r.topic = fields.optional<std::string>("topic");
  r.partition = PartitionId(fields.required<std::int32_t>("partition"));
  r.begin = Offset(fields.required<std::int64_t>("begin"));
  r.end = Offset(fields.required<std::int64_t>("end"));
  r.topic_id = fields.optional<std::string>("topic_id");
  TRY(fields.finish());
  return r;
}

Json source_json(const SourcePlan& source) {
  Json json{{"source", source.source}};
  json["ranges"] = Json::array();
  for (const PartitionRange& range : source.ranges) json["ranges"].push_back(range_json(range));
  if (source.watermark) json["watermark"] = source.watermark->value;
  if (source.late) json["late"] = source.late->value;
  for (const IdlePartition& idle : source.idle)
    json["idle"].push_back(Json{{"topic", idle.topic}, {"partition", idle.partition.value}});
  return json;
}

Result<SourcePlan> source_of(const Json& json) {
  JsonFields fields(json, "plan");
  SourcePlan source;
  source.source = fields.required<std::string>("source");
  if (const Json* const ranges = fields.array("ranges"))
    for (const Json& range : *ranges) source.ranges.push_back(TRY(range_of(range)));
  if (fields.has("watermark")) source.watermark = Micros(fields.required<std::int64_t>("watermark"));
  if (fields.has("late")) source.late = Micros(fields.required<std::int64_t>("late"));
  if (const Json* const idle = fields.array("idle")) {
    for (const Json& entry : *idle) {
      JsonFields parts(entry, "plan");
      source.idle.push_back(
          {parts.required<std::string>("topic"), PartitionId(parts.required<std::int32_t>("partition"))});
      TRY(parts.finish());
    }
  }
  TRY(fields.finish());
  return source;
}

Json rejection_json(const SinkRejection& r) {
  Json json{{"sink", r.sink}, {"src", r.src}};
  if (!r.field.empty()) json["field"] = r.field;
  if (!r.message.empty()) json["message"] = r.message;
  return json;
}

Result<SinkRejection> rejection_of(const Json& json) {
  JsonFields fields(json, "plan");
  SinkRejection r;
  r.sink = fields.required<std::string>("sink");
  r.src = fields.required<std::uint64_t>("src");
  r.field = fields.optional<std::string>("field");
  r.message = fields.optional<std::string>("message");
  TRY(fields.finish());
  return r;
}

Json decided(const Plan& plan) {
  Json json{
      {"format", plan_format}, {"batch", plan.number.value}, {"spec", plan.spec_hash}, {"clock", plan.clock.value}};
  if (!plan.trigger.empty()) json["trigger"] = plan.trigger;
  json["sources"] = Json::array();
  for (const SourcePlan& source : plan.sources) json["sources"].push_back(source_json(source));
  for (const TablePlan& table : plan.tables)
    json["tables"].push_back(Json{{"table", table.table}, {"version", table.version}});
  return json;
}

}  // namespace

const SourcePlan* Plan::source(std::string_view name) const {
  for (const SourcePlan& s : sources)
    if (s.source == name) return &s;
  return nullptr;
}

std::uint64_t Plan::hash() const { return hash64(dump_json(decided(*this))) >> 1; }

std::string encode(const Plan& plan) {
  Json json = decided(plan);
  for (const SinkRejection& rejection : plan.rejections) json["rejections"].push_back(rejection_json(rejection));
  return dump_json(json);
}

Result<Plan> decode_plan(std::string_view text) {
  const Json json = TRY(parse_stored(text, "plan", plan_format));
  JsonFields fields(json, "plan");
  Plan plan;
  fields.required<std::int32_t>("format");
  plan.number = BatchNumber(fields.required<std::uint64_t>("batch"));
  plan.spec_hash = fields.required<std::string>("spec");
  plan.clock = Micros(fields.required<std::int64_t>("clock"));
  plan.trigger = fields.optional<std::string>("trigger");
  if (const Json* const sources = fields.array("sources"))
    for (const Json& source : *sources) plan.sources.push_back(TRY(source_of(source)));
  if (const Json* const tables = fields.array("tables")) {
    for (const Json& table : *tables) {
      JsonFields parts(table, "plan");
      plan.tables.push_back({parts.required<std::string>("table"), parts.required<std::string>("version")});
      TRY(parts.finish());
    }
  }
  if (const Json* const rejections = fields.array("rejections"))
    for (const Json& rejection : *rejections) plan.rejections.push_back(TRY(rejection_of(rejection)));
  TRY(fields.finish());
  return plan;
}

}  // namespace weir
