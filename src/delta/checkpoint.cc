#include "delta/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "base/crash_point.h"
#include "base/json.h"
#include "delta/configuration.h"

namespace weir::delta {
namespace {

struct FieldType {
  const char* name;
  const char* type;  // as json_transform takes it; a plain one without its quotes
};

constexpr FieldType txn_fields[] = {{"appId", "VARCHAR"}, {"version", "BIGINT"}, {"lastUpdated", "BIGINT"}};
constexpr FieldType add_fields[] = {{"path", "VARCHAR"},       {"partitionValues", "MAP(VARCHAR, VARCHAR)"},
                                    {"size", "BIGINT"},        {"modificationTime", "BIGINT"},
                                    {"dataChange", "BOOLEAN"}, {"tags", "MAP(VARCHAR, VARCHAR)"},
                                    {"stats", "VARCHAR"}};
constexpr FieldType remove_fields[] = {{"path", "VARCHAR"},
                                       {"deletionTimestamp", "BIGINT"},
                                       {"dataChange", "BOOLEAN"},
                                       {"extendedFileMetadata", "BOOLEAN"},
                                       {"partitionValues", "MAP(VARCHAR, VARCHAR)"},
                                       {"size", "BIGINT"}};
constexpr FieldType metadata_fields[] = {
    {"id", "VARCHAR"},
    {"name", "VARCHAR"},
    {"description", "VARCHAR"},
    {"format", R"json({"provider":"VARCHAR","options":"MAP(VARCHAR, VARCHAR)"})json"},
    {"schemaString", "VARCHAR"},
    {"partitionColumns", R"(["VARCHAR"])"},
    {"configuration", "MAP(VARCHAR, VARCHAR)"},
    {"createdTime", "BIGINT"}};
constexpr FieldType protocol_fields[] = {{"minReaderVersion", "INTEGER"},
                                         {"minWriterVersion", "INTEGER"},
                                         {"readerFeatures", R"(["VARCHAR"])"},
                                         {"writerFeatures", R"(["VARCHAR"])"}};

struct ActionType {
  const char* name;
  std::span<const FieldType> fields;
};

const ActionType actions[] = {{"txn", txn_fields},
                              {"add", add_fields},
                              {"remove", remove_fields},
                              {"metaData", metadata_fields},
                              {"protocol", protocol_fields}};

// The structure of a line, for json_transform.
std::string line_structure() {
  std::string out;
  for (const ActionType& action : actions) {
    std::string fields;
    for (const FieldType& field : action.fields) {
      const bool nested = field.type[0] == '{' || field.type[0] == '[';
      fields +=
          fmt::format("{0}\"{1}\":{3}{2}{3}", fields.empty() ? "" : ",", field.name, field.type, nested ? "" : "\"");
    }
    out += fmt::format("{}\"{}\":{{{}}}", out.empty() ? "" : ",", action.name, fields);
  }
  return "{" + out + "}";
}

std::string file_list(const CheckpointFiles& checkpoint) {
  std::string out;
  for (const fs::Path& file : checkpoint.files) out += (out.empty() ? "" : ", ") + quote_literal(file.string());
  return "read_parquet([" + out + "], union_by_name = true)";
}

Result<Schema> schema_of(Session& io, const std::string& source) {
  const Query query = TRY(io.prepare("SELECT * FROM " + source, {}));
  return query.schema();
}

// An Error about a file of the log that DuckDB could not read.
tl::unexpected<Error> unreadable(const CheckpointFiles& checkpoint, const Error& why) {
  const std::string place = checkpoint.files.front().string();
  if (why.fault == Fault::external && why.retry == Retry::no) return fail(why);  // stopped
  return fail(Fault::data, "the checkpoint is not readable: " + why.message, place);
}

bool has_action(const Schema& schema, const char* name) {
  const auto found = schema.find(name);
  return found && schema.columns()[*found].type.kind == TypeKind::structure;
}

std::vector<std::string> text_rows(const Batch& batch) {
  std::vector<std::string> out;
  for (const auto& chunk : batch.chunks()) {
    auto* const data = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk->column(0)));
    for (std::size_t i = 0; i < chunk->rows(); ++i)
      out.emplace_back(duckdb_string_t_data(&data[i]), duckdb_string_t_length(data[i]));
  }
  return out;
}

// One column `line` of texts.
Batch text_batch(const std::vector<std::string>& texts) {
  auto schema = std::make_shared<Schema>(std::vector<Column>{{"line", Type{TypeKind::string, 0, 0, {}}, false}});
  std::vector<std::shared_ptr<const Chunk>> chunks;
  for (std::size_t begin = 0; begin < texts.size(); begin += duckdb_vector_size()) {
    const std::size_t end = std::min<std::size_t>(texts.size(), begin + duckdb_vector_size());
    Chunk chunk = make_chunk(*schema);
    for (std::size_t i = begin; i < end; ++i)
      duckdb_vector_assign_string_element_len(chunk.column(0), i - begin, texts[i].data(), texts[i].size());
    duckdb_data_chunk_set_size(chunk.get(), end - begin);
    chunks.push_back(std::make_shared<const Chunk>(std::move(chunk)));
  }
  return Batch(std::move(schema), std::move(chunks));
}

// The newest word on each file in the commits after `from`.
Result<std::map<std::string, FileAction>> files_since(const Log& log, std::int64_t from, std::int64_t to) {
  std::map<std::string, FileAction> out;
  for (std::int64_t version = from + 1; version <= to; ++version) {
    const auto text = TRY(log.read(version));
    if (!text) return fail(Fault::external, "a commit of the log is gone", log.commit_path(version).string());
    CommitActions commit = TRY(parse_commit(*text, Files::read));
    for (FileAction& file : commit.files) {
      std::string path = file.path;
      out.insert_or_assign(std::move(path), std::move(file));
    }
  }
  return out;
}

// The column `name` of an old checkpoint with exactly our fields; fields that it lacks are null.
std::string old_action(const Schema& schema, const ActionType& action) {
  const Type& type = schema.columns()[*schema.find(action.name)].type;
  std::string out;
  for (const FieldType& field : action.fields) {
    const bool there = std::any_of(type.children.begin(), type.children.end(),
                                   [&](const NamedType& child) { return child.name == field.name; });
    std::string value =
        there ? fmt::format("{}.{}", quote_identifier(action.name), quote_identifier(field.name)) : std::string("NULL");
    if (std::strcmp(field.name, "dataChange") == 0) value = "false";
    out += fmt::format("{}{} := {}", out.empty() ? "" : ", ", quote_identifier(field.name), value);
  }
  return "struct_pack(" + out + ")";
}

// Rows that come out of the old checkpoint: files that no newer commit speaks of.
std::string old_rows(const Schema& schema, const std::string& source, std::int64_t removed_after) {
  std::string out;
  for (const char* name : {"add", "remove"}) {
    if (!has_action(schema, name)) continue;
    const bool add = std::strcmp(name, "add") == 0;
    const std::string packed = old_action(schema, add ? actions[1] : actions[2]);
    out += fmt::format(
        " UNION ALL BY NAME SELECT {0} AS \"{1}\" FROM {2} WHERE \"{1}\" IS NOT NULL AND \"{1}\".path NOT IN (SELECT "
        "path "
        "FROM spoken){3}",
        packed, name, source, add ? "" : fmt::format(" AND \"remove\".\"deletionTimestamp\" > {}", removed_after));
  }
  return out;
}

std::string pointer(std::int64_t version, std::uint64_t rows, std::uint64_t bytes, std::uint64_t files) {
  return dump_json({{"version", version}, {"size", rows}, {"sizeInBytes", bytes}, {"numOfAddFiles", files}});
}

}  // namespace

Result<Snapshot> read_checkpoint(Session& io, const CheckpointFiles& files) {
  const std::string source = file_list(files);
  const auto schema = schema_of(io, source);
  if (!schema) return unreadable(files, schema.error());
  std::string columns;
  std::string any;
  for (const char* name : {"protocol", "metaData", "txn"}) {
    if (!has_action(*schema, name)) continue;
    columns += fmt::format("{}\"{}\"", columns.empty() ? "" : ", ", name);
    any += fmt::format("{}\"{}\" IS NOT NULL", any.empty() ? "" : " OR ", name);
  }
  if (columns.empty()) return unreadable(files, {Fault::data, Retry::no, "it has no actions"});
  const auto rows =
      io.run(fmt::format("SELECT CAST(to_json(struct_pack({})) AS VARCHAR) FROM {} WHERE {}", columns, source, any));
  if (!rows) return unreadable(files, rows.error());
  Snapshot out;
  bool whole = false;
  const auto lines = text_rows(*rows);
  for (const std::string& line : lines) {
    const auto commit = parse_commit(line, Files::skip);
    if (!commit) return unreadable(files, commit.error());
    whole = whole || commit->metadata.has_value();
    out.apply(*commit);
  }
  if (!whole) return unreadable(files, {Fault::data, Retry::no, "it has no metaData"});
  out.version = files.version;
  return out;
}

Status write_checkpoint(Session& io, const Log& log, const Snapshot& snapshot, const CheckpointFiles* previous,
                        const Clock& clock) {
  const Configuration configuration(snapshot.metadata);
  if (configuration.stats_as_struct() || fs::exists(log.checkpoint_path(snapshot.version))) return {};
  const auto files = TRY(files_since(log, previous == nullptr ? -1 : previous->version, snapshot.version));
  const std::int64_t removed_after = clock.now().value / 1000 - configuration.deleted_file_retention_ms();
  std::vector<std::string> lines = {to_line(snapshot.protocol), to_line(snapshot.metadata)};
  std::vector<std::string> spoken;
  for (const auto& [app_id, txn] : snapshot.txns) lines.push_back(to_line(txn));
  for (const auto& [path, file] : files) {
    spoken.push_back(path);
    if (file.add || file.deletion_timestamp > removed_after) lines.push_back(file.line);
  }
  std::string rest;
  if (previous != nullptr) {
    const std::string source = file_list(*previous);
    const auto schema = schema_of(io, source);
    if (!schema) return unreadable(*previous, schema.error());
    rest = old_rows(*schema, source, removed_after);
  }
  const std::string rows = fmt::format(
      "WITH spoken AS (SELECT line AS path FROM spoken_paths), said AS (SELECT json_transform(line, '{}') AS action "
      "FROM "
      "lines) SELECT action.txn AS txn, action.\"add\" AS \"add\", action.\"remove\" AS \"remove\", "
      "action.\"metaData\" AS "
      "\"metaData\", action.protocol AS protocol FROM said{}",
      line_structure(), rest);
  const fs::Path aside = log.aside();
  const auto write = [&]() -> Status {
    const Batch given = text_batch(lines);
    const Batch paths = text_batch(spoken);
    TRY(fault_point("delta_sink.checkpoint"));
    Query copy =
        TRY(io.prepare(fmt::format("COPY ({}) TO {} (FORMAT parquet, COMPRESSION 'snappy', USE_TMP_FILE false)", rows,
                                   quote_literal(aside.string())),
                       {{"lines", given.schema()}, {"spoken_paths", paths.schema()}}));
    const std::uint64_t count = TRY(copy.execute({given, paths}));
    TRY(fs::sync_file(aside));
    const Bytes size = TRY(fs::size_of(aside));
    const Batch added = TRY(io.run(fmt::format("SELECT CAST(count(\"add\".path) AS VARCHAR) FROM read_parquet({})",
                                               quote_literal(aside.string()))));
    CRASH_POINT("delta_sink.mid_checkpoint");
    const auto linked = TRY(fs::link_new(aside, log.checkpoint_path(snapshot.version)));
    TRY(fs::sync_directory(log.folder()));
    if (linked == fs::Linked::already_there || log.pointed_checkpoint() > snapshot.version) return {};
    return log.point_to_checkpoint(pointer(snapshot.version, count, size.value, std::stoull(text_rows(added).front())));
  };
  const Status written = write();
  const Status removed = fs::remove_file(aside);
  CRASH_POINT("delta_sink.after_checkpoint");
  return written ? removed : written;
}

}  // namespace weir::delta
