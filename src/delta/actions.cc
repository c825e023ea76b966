#include "delta/actions.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"

namespace weir::delta {
namespace {

// Reads fields of an action. A null is a field that is not there; a field of another type is the first problem, which is kept.
class Fields {
 public:
  Fields(const Json& object, std::string action) : object_(object), action_(std::move(action)) {
    if (!object.is_object()) problem("is no object");
  }

  const Json* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  std::optional<std::string> text(const char* name) {
    const Json* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    problem(std::string("has no text in ") + name);
    return std::nullopt;
  }

  std::optional<std::int64_t> integer(const char* name) {
    const Json* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_integer()) return value->get<std::int64_t>();
    problem(std::string("has no integer in ") + name);
    return std::nullopt;
  }

  std::optional<std::vector<std::string>> texts(const char* name) {
    const Json* const value = find(name);
    if (value == nullptr) return std::nullopt;
    std::vector<std::string> out;
    if (!value->is_array()) problem(std::string("has no list in ") + name);
    for (const Json& item : *value) {
      if (!item.is_string()) return problem(std::string("has no texts in ") + name), std::nullopt;
      out.push_back(item.get<std::string>());
    }
    return out;
  }

  std::map<std::string, std::string> map(const char* name) {
    std::map<std::string, std::string> out;
    const Json* const value = find(name);
    if (value == nullptr) return out;
    if (!value->is_object()) return problem(std::string("has no map in ") + name), out;
    for (const auto& [key, item] : value->items())
      if (item.is_string()) out[key] = item.get<std::string>();
    return out;
  }

  template <class T>
  T needed(std::optional<T> value, const char* name) {
    if (!value) problem(std::string("lacks ") + name);
    return std::move(value).value_or(T{});
  }

  Status finish() const {
    if (problem_.empty()) return {};
    return fail(Fault::data, problem_);
  }

 private:
  void problem(const std::string& text) {
    if (problem_.empty()) problem_ = "the action " + action_ + " " + text;
  }

  const Json& object_;
  std::string action_;
  std::string problem_;
};

std::string line_of(const char* action, Json fields) {
  Json json = Json::object();
  json[action] = std::move(fields);
  return dump_json(json);
}

Result<Protocol> parse_protocol(const Json& json) {
  Fields fields(json, "protocol");
  Protocol out;
  out.reader = static_cast<std::int32_t>(fields.needed(fields.integer("minReaderVersion"), "minReaderVersion"));
  out.writer = static_cast<std::int32_t>(fields.needed(fields.integer("minWriterVersion"), "minWriterVersion"));
  out.reader_features = fields.texts("readerFeatures");
  out.writer_features = fields.texts("writerFeatures");
  TRY(fields.finish());
  return out;
}

Result<Metadata> parse_metadata(const Json& json) {
  Fields fields(json, "metaData");
  Metadata out;
  out.id = fields.needed(fields.text("id"), "id");
  out.name = fields.text("name");
  out.description = fields.text("description");
  out.schema = fields.needed(fields.text("schemaString"), "schemaString");
  out.partition_columns = fields.needed(fields.texts("partitionColumns"), "partitionColumns");
  out.configuration = fields.map("configuration");
  out.created_time = fields.integer("createdTime");
  if (const Json* const format = fields.find("format")) {
    Fields inner(*format, "metaData.format");
    out.provider = inner.text("provider").value_or("parquet");
    out.options = inner.map("options");
  }
  TRY(fields.finish());
  return out;
}

Result<Txn> parse_txn(const Json& json) {
  Fields fields(json, "txn");
  Txn out;
  out.app_id = fields.needed(fields.text("appId"), "appId");
  out.version = fields.needed(fields.integer("version"), "version");
  out.last_updated = fields.integer("lastUpdated");
  TRY(fields.finish());
  return out;
}

Result<FileAction> parse_file(const Json& json, bool add) {
  static constexpr const char* added[] = {"path", "partitionValues", "size", "modificationTime", "tags", "stats"};
  static constexpr const char* removed[] = {"path", "deletionTimestamp", "extendedFileMetadata", "partitionValues",
                                            "size"};
  Fields fields(json, add ? "add" : "remove");
  FileAction out;
  out.path = fields.needed(fields.text("path"), "path");
  out.add = add;
  if (!add) out.deletion_timestamp = fields.integer("deletionTimestamp").value_or(0);
  TRY(fields.finish());
  if (fields.find("deletionVector") != nullptr)
    return fail(Fault::data,
                "the action of " + out.path + " has a deletion vector, which this table's protocol excludes");
  Json kept = Json::object();
  const auto keep = [&](const char* name) {
    if (const Json* const value = fields.find(name)) kept[name] = *value;
  };
  if (add) {
    for (const char* name : added) keep(name);
  } else {
    for (const char* name : removed) keep(name);
  }
  kept["dataChange"] = false;  // of what a checkpoint holds nothing is new
  out.line = line_of(add ? "add" : "remove", std::move(kept));
  return out;
}

Status parse_action(const std::string& kind, const Json& json, Files files, CommitActions& out) {
  if (kind == "protocol") {
    out.protocol = TRY(parse_protocol(json));
  } else if (kind == "metaData") {
    out.metadata = TRY(parse_metadata(json));
  } else if (kind == "txn") {
    out.txns.push_back(TRY(parse_txn(json)));
  } else if (kind == "commitInfo") {
    Fields fields(json, kind);
    out.txn_id = fields.text("txnId").value_or("");
  } else if (files == Files::read && (kind == "add" || kind == "remove")) {
    out.files.push_back(TRY(parse_file(json, kind == "add")));
  }
  return {};
}

template <class T>
void put(Json& json, const char* name, const std::optional<T>& value) {
  if (value) json[name] = *value;
}

}  // namespace

Result<CommitActions> parse_commit(std::string_view text, Files files) {
  CommitActions out;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Json json = TRY(parse_json(line));
    if (!json.is_object()) return fail(Fault::data, fmt::format("line {} is no action", number));
    for (const auto& [kind, action] : json.items()) {
      if (action.is_null()) continue;
      if (const Status done = parse_action(kind, action, files, out); !done)
        return fail(Fault::data, fmt::format("line {}: {}", number, done.error().message));
    }
  }
  return out;
}

std::string to_line(const CommitInfo& info) {
  Json json = {
      {"timestamp", info.timestamp}, {"operation", info.operation},      {"operationParameters", info.parameters},
      {"isBlindAppend", true},       {"operationMetrics", info.metrics}, {"engineInfo", info.engine},
      {"txnId", info.txn_id}};
  put(json, "readVersion", info.read_version);
  return line_of("commitInfo", std::move(json));
}

std::string to_line(const Protocol& protocol) {
  Json json = {{"minReaderVersion", protocol.reader}, {"minWriterVersion", protocol.writer}};
  put(json, "readerFeatures", protocol.reader_features);
  put(json, "writerFeatures", protocol.writer_features);
  return line_of("protocol", std::move(json));
}

std::string to_line(const Metadata& metadata) {
  Json json = {{"id", metadata.id}};
  put(json, "name", metadata.name);
  put(json, "description", metadata.description);
  json["format"] = {{"provider", metadata.provider}, {"options", Json(metadata.options)}};
  json["schemaString"] = metadata.schema;
  json["partitionColumns"] = metadata.partition_columns;
  json["configuration"] = Json(metadata.configuration);
  put(json, "createdTime", metadata.created_time);
  return line_of("metaData", std::move(json));
}

std::string to_line(const Txn& txn) {
  Json json = {{"appId", txn.app_id}, {"version", txn.version}};
  put(json, "lastUpdated", txn.last_updated);
  return line_of("txn", std::move(json));
}

std::string to_line(const AddFile& file) {
  Json values = Json::object();
  for (const auto& [column, value] : file.partition_values) values[column] = value ? Json(*value) : Json(nullptr);
  Json json = {{"path", file.path},
               {"partitionValues", std::move(values)},
               {"size", file.size},
               {"modificationTime", file.modification_time},
               {"dataChange", true}};
  if (!file.stats.empty()) json["stats"] = file.stats;
  return line_of("add", std::move(json));
}

}  // namespace weir::delta
