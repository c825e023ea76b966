#include "connectors/file_format.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace weir {
namespace {

std::string_view name_of(FileFormat format) {
  switch (format) {
    case FileFormat::parquet: return "parquet";
    case FileFormat::json: return "json";
    case FileFormat::csv: return "csv";
  }
  return "parquet";
}

std::span<const std::string_view> compressions(FileFormat format) {
  static constexpr std::string_view parquet[] = {"zstd", "snappy", "gzip", "none"};
  static constexpr std::string_view text[] = {"none", "gzip", "zstd"};
  if (format == FileFormat::parquet) return parquet;
  return text;
}

std::string compression_of(const FileSinkSpec& spec) {
  return spec.compression.empty() ? std::string(compressions(spec.format).front()) : spec.compression;
}

// The first type in `type` or below it that the format cannot hold without changing a value.
const Type* unfit(FileFormat format, const Type& type) {
  if (format != FileFormat::parquet) return nullptr;
  if (type.kind == TypeKind::int128 || type.kind == TypeKind::interval) return &type;
  for (const NamedType& child : type.children)
    if (const Type* found = unfit(format, child.type)) return found;
  return nullptr;
}

bool is_nested(TypeKind kind) { return kind == TypeKind::list || kind == TypeKind::structure || kind == TypeKind::map; }

// A column as a text format shows it; timestamps are the COPY option's work.
std::string text_expression(FileFormat format, const Column& column) {
  const std::string name = quote_identifier(column.name);
  switch (column.type.kind) {
    case TypeKind::binary: return fmt::format("to_base64({0}) AS {0}", name);
    case TypeKind::timestamp_ntz: return fmt::format("strftime({0}, '%Y-%m-%dT%H:%M:%S.%f') AS {0}", name);
    case TypeKind::float32:
    case TypeKind::float64:
      if (format == FileFormat::csv) return name;
      return fmt::format(  // as formats/json_encoder.h writes them
          "CASE WHEN {0} IS NULL THEN NULL WHEN isfinite({0}) THEN to_json({0}) WHEN isnan({0}) THEN to_json('NaN') "
          "WHEN {0} > 0 THEN to_json('Infinity') ELSE to_json('-Infinity') END AS {0}",
          name);
    default:
      if (format == FileFormat::csv && is_nested(column.type.kind)) return fmt::format("to_json({0}) AS {0}", name);
      return name;
  }
}

bool is_partition(const FileSinkSpec& spec, const Column& column) {
  const Schema one({column});
  return std::any_of(spec.partition_by.begin(), spec.partition_by.end(),
                     [&](const std::string& name) { return one.find(name).has_value(); });
}

}  // namespace

std::string file_extension(const FileSinkSpec& spec) {
  std::string extension(name_of(spec.format));
  const std::string compression = compression_of(spec);
  if (spec.format != FileFormat::parquet && compression == "gzip") extension += ".gz";
  if (spec.format != FileFormat::parquet && compression == "zstd") extension += ".zst";
  return extension;
}

Schema file_schema(const FileSinkSpec& spec, const Schema& schema) {
  Schema out;
  const Schema visible = schema.visible();
  for (const Column& column : visible.columns())
    if (!is_partition(spec, column)) out.add(column);
  return out;
}

Status check_format(const FileSinkSpec& spec, const Schema& schema) {
  const auto known = compressions(spec.format);
  const std::string compression = compression_of(spec);
  if (std::find(known.begin(), known.end(), compression) == known.end())
    return fail(Fault::config, fmt::format("compression '{}' is none of {}'s: {}", compression, name_of(spec.format),
                                           fmt::join(known, ", ")));
  const Schema written = file_schema(spec, schema);
  for (const Column& column : written.columns())
    if (const Type* type = unfit(spec.format, column.type))
      return fail(Fault::config, fmt::format("column '{}': {} files hold no {}; CAST it in a select step", column.name,
                                             name_of(spec.format), to_string(*type)));
  return {};
}

std::string copy_statement(const FileSinkSpec& spec, const Schema& schema, const std::string& path) {
  std::string select;
  const Schema written = file_schema(spec, schema);
  for (const Column& column : written.columns()) {
    if (!select.empty()) select += ", ";
    select += spec.format == FileFormat::parquet ? quote_identifier(column.name) : text_expression(spec.format, column);
  }
  const std::string compression = compression_of(spec);
  std::string options = fmt::format("FORMAT {}, COMPRESSION '{}', USE_TMP_FILE false", name_of(spec.format),
                                    compression == "none" ? "uncompressed" : compression);
  if (spec.format != FileFormat::parquet) options += ", TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'";
  if (spec.format == FileFormat::csv) options += ", HEADER true";
  return fmt::format("COPY (SELECT {} FROM input) TO {} ({})", select, quote_literal(path), options);
}

}  // namespace weir
