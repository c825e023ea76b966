#include "sql/error.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"

namespace weir {
namespace {

constexpr std::size_t text_bytes_max = 240;

// Error messages repeat values of records: cut, at a character's border, so that one never fills a log.
std::string shortened(std::string text) {
  if (text.size() <= text_bytes_max) return text;
  std::size_t end = text_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

// Lines and tabs become one line: DuckDB lists candidates and draws carets below each other.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == '\n' || c == '\t' || c == '\r' || c == ' ';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '!' || out.back() == '.')) out.pop_back();
  return out;
}

void cut_from(std::string& text, std::string_view marker) {
  if (const auto at = text.find(marker); at != std::string::npos) text.resize(at);
}

std::string without_noise(std::string text) {
  // Long lists and advice about DuckDB's own settings help nobody who writes a pipeline.
  for (const std::string_view marker :
       {"\n\nLINE ", "\nLINE ", "\tCandidate functions:", "\nCandidate bindings:", "\nDid you mean",
        "\n\nPossible solutions", " when casting from source column", " You might need to add explicit type casts",
        " In order to select one, please add explicit type casts"})
    cut_from(text, marker);
  return one_line(text);
}

std::optional<std::size_t> number(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto& digits = value.get_ref<const std::string&>();
  std::size_t out = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

Fault fault_of(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_MISMATCH_TYPE:
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
    case DUCKDB_ERROR_OBJECT_SIZE:
    case DUCKDB_ERROR_INVALID_INPUT: return Fault::data;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_CONNECTION:
    case DUCKDB_ERROR_NETWORK:
    case DUCKDB_ERROR_HTTP:
    case DUCKDB_ERROR_INTERRUPT: return Fault::external;
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_INTERNAL:
    case DUCKDB_ERROR_NULL_POINTER:
    case DUCKDB_ERROR_OPTIMIZER:
    case DUCKDB_ERROR_SCHEDULER: return Fault::internal;
    default: return Fault::config;
  }
}

}  // namespace

SqlMessage clean_message(std::string_view raw) {
  // "Binder Error: {json}" with errors_as_json, else "Binder Error: text".
  if (const auto open = raw.find('{'); open != std::string_view::npos) {
    if (const auto parsed = parse_json(raw.substr(open));
        parsed && parsed->is_object() && parsed->contains("exception_message")) {
      const Json& message = parsed->at("exception_message");
      SqlMessage out{message.is_string() ? shortened(without_noise(message.get<std::string>())) : "", std::nullopt};
      if (parsed->contains("position")) out.position = number(parsed->at("position"));
      return out;
    }
  }
  std::string text(raw);
  if (const auto colon = text.find(" Error: "); colon != std::string::npos && colon < 32) text.erase(0, colon + 8);
  return {shortened(without_noise(std::move(text))), std::nullopt};
}

Error to_error(duckdb_error_type type, std::string_view raw) {
  const Fault fault = fault_of(type);
  std::string text = clean_message(raw).text;
  if (type == DUCKDB_ERROR_OUT_OF_MEMORY)
    text = "SQL needs more memory than its share; raise resources.memory or lower the source's max_records: " + text;
  if (type == DUCKDB_ERROR_INTERRUPT) return {fault, Retry::no, "stopped", {}};
  return {fault, fault == Fault::external ? Retry::with_backoff : Retry::no, std::move(text), {}};
}

}  // namespace weir
