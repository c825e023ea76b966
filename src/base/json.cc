#include "base/json.h"

namespace weir {

Result<Json> parse_json(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& e) {
    return fail(Fault::data, std::string("not readable as JSON: ") + e.what());
  }
}

std::string dump_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Status JsonFields::finish() {
  if (problem_.empty()) {
    for (const auto& [name, value] : object_.items())
      if (!taken_.contains(name)) problem("has a field that this version does not know:", name);
  }
  if (problem_.empty()) return {};
  return fail(Fault::data, problem_);
}

const Json& JsonFields::object(const char* name) {
  static const Json none;
  const Json* const found = take(name);
  if (found == nullptr) problem("lacks", name);
  return found == nullptr ? none : *found;
}

const Json* JsonFields::array(const char* name) {
  const Json* const found = take(name);
  if (found == nullptr || found->is_array()) return found;
  problem("has another type in", name);
  return nullptr;
}

const Json* JsonFields::take(const char* name) {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  if (found == object_.end()) return nullptr;
  taken_.insert(name);
  return &*found;
}

void JsonFields::problem(std::string_view text, std::string_view name) {
  if (!problem_.empty()) return;
  problem_ =
      "the stored " + std::string(what_) + " " + std::string(text) + (name.empty() ? "" : " ") + std::string(name);
}

Result<Json> parse_stored(std::string_view text, std::string_view what, int format) {
  Json json = TRY(parse_json(text));
  const auto found = json.is_object() ? json.find("format") : json.end();
  if (found == json.end() || !found->is_number_integer())
    return fail(Fault::data, "the stored " + std::string(what) + " lacks its format");
  if (found->get<std::int64_t>() > format) {
    return fail(Fault::config,
                "the stored " + std::string(what) +
                    " was written by a newer Weir, whose format this one cannot read: run that version or a newer one");
  }
  return json;
}

}  // namespace weir
