// The JSON Schema of the files, for editors. The loader is stricter: it knows references and rules.
#include "base/json.h"
#include "config/outline.h"
#include "config/reference.h"

namespace weir {
namespace {

using Kind = Outline::Kind;

Json schema_of(const Outline& outline);

// ${env:X} and ${file:/x} may stand for any single value.
Json or_reference(Json schema) {
  return Json{{"anyOf", Json::array({std::move(schema), Json{{"$ref", "#/$defs/reference"}}})}};
}

Json pattern(std::string_view regex) { return Json{{"type", "string"}, {"pattern", std::string(regex)}}; }

void add_limits(Json& schema, const Outline& outline) {
  if (outline.min) schema["minimum"] = *outline.min;
  if (outline.max) schema["maximum"] = *outline.max;
}

Json text_schema(const Outline& outline) {
  switch (outline.text) {
    case Text::identifier: return or_reference(pattern("^[A-Za-z_][A-Za-z0-9_]{0,63}$"));
    case Text::label: return or_reference(pattern("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"));
    case Text::url: return or_reference(pattern("^https?://"));
    default: return Json{{"type", "string"}, {"minLength", 1}};
  }
}

Json words_schema(const Outline& outline) {
  Json words = Json::array();
  for (const OutlineWord& word : outline.words) {
    words.push_back(word.name);
    if (word.name == "null") words.push_back(nullptr);
  }
  return or_reference(Json{{"enum", std::move(words)}});
}

Json described(Json schema, const std::string& doc) {
  if (!doc.empty()) schema["description"] = doc;
  return schema;
}

// A default in its own JSON type.
void add_default(Json& schema, const OutlineKey& key) {
  if (!key.default_is_value) return;
  const Kind kind = key.value.kind;
  const bool is_literal = kind == Kind::boolean || kind == Kind::integer || kind == Kind::number;
  auto literal = is_literal ? parse_json(key.default_text) : Result<Json>(Json(key.default_text));
  if (literal) schema["default"] = std::move(*literal);
}

Json key_schema(const OutlineKey& key) {
  Json schema = described(schema_of(key.value), key.doc);
  add_default(schema, key);
  return schema;
}

void add_keys(const Outline& outline, Json& properties, Json& required) {
  for (const OutlineKey& key : outline.keys) {
    properties[key.name] = key_schema(key);
    if (key.required) required.push_back(key.name);
  }
  for (const OutlineKey& body : outline.bodies) properties[body.name] = key_schema(body);
}

Json object_schema(const Outline& outline, const OutlineVariant* variant) {
  Json properties = Json::object();
  Json required = Json::array();
  if (variant != nullptr) {
    properties[outline.variant_key] = Json{{"const", variant->name}, {"description", variant->doc}};
    required.push_back(outline.variant_key);
    add_keys(variant->value, properties, required);
  }
  add_keys(outline, properties, required);
  Json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  if (outline.bodies.empty()) return schema;
  Json one = Json::array();
  for (const OutlineKey& body : outline.bodies) one.push_back(Json{{"required", Json::array({body.name})}});
  schema["oneOf"] = std::move(one);
  return schema;
}

Json variants_schema(const Outline& outline) {
  Json one = Json::array();
  for (const OutlineVariant& variant : outline.variants) one.push_back(object_schema(outline, &variant));
  return Json{{"oneOf", std::move(one)}};
}

Json forms_schema(const Outline& outline) {
  Json any = Json::array();
  for (const OutlineWord& word : outline.words) any.push_back(Json{{"const", word.name}, {"description", word.doc}});
  for (const OutlineKey& key : outline.keys) {
    any.push_back(Json{{"type", "object"},
                       {"additionalProperties", false},
                       {"required", Json::array({key.name})},
                       {"properties", Json{{key.name, key_schema(key)}}}});
  }
  for (const Outline& inner : outline.inner) any.push_back(described(schema_of(inner), inner.doc));
  return Json{{"anyOf", std::move(any)}};
}

Json number_schema(const Outline& outline, std::string_view type) {
  Json schema{{"type", std::string(type)}};
  if (type == "integer" && !outline.is_signed) schema["minimum"] = 0;
  add_limits(schema, outline);
  return or_reference(std::move(schema));
}

Json schema_of(const Outline& outline) {
  switch (outline.kind) {
    case Kind::boolean: return or_reference(Json{{"type", "boolean"}});
    case Kind::integer: return number_schema(outline, "integer");
    case Kind::number: return number_schema(outline, "number");
    case Kind::text: return text_schema(outline);
    case Kind::secret: return Json{{"type", "string"}, {"minLength", 1}};
    case Kind::duration: return Json{{"$ref", "#/$defs/duration"}};
    case Kind::size: return Json{{"$ref", "#/$defs/size"}};
    case Kind::timestamp: return Json{{"$ref", "#/$defs/timestamp"}};
    case Kind::words: return words_schema(outline);
    case Kind::list: return Json{{"type", "array"}, {"items", schema_of(outline.inner.front())}};
    case Kind::named: return Json{{"type", "object"}, {"additionalProperties", schema_of(outline.inner.front())}};
    case Kind::numbered:
      return Json{{"type", "object"},
                  {"additionalProperties", false},
                  {"patternProperties", Json{{"^[0-9]+$", schema_of(outline.inner.front())}}}};
    case Kind::columns:
      return Json{{"type", "object"},
                  {"properties", Json{{"*", Json{{"const", true}}}}},
                  {"additionalProperties", Json{{"type", "string"}}}};
    case Kind::contract:
      return Json{
          {"anyOf", Json::array({Json{{"type", "string"}, {"minLength", 1}}, Json{{"$ref", "#/$defs/contract"}}})}};
    case Kind::forms: return forms_schema(outline);
    case Kind::object: break;
  }
  return outline.variants.empty() ? object_schema(outline, nullptr) : variants_schema(outline);
}

Json definitions() {
  Json defs;
  defs["reference"] = described(pattern("\\$\\{(env|file):"),
                                "A value from outside: ${env:NAME}, ${env:NAME:-default} or ${file:/path}");
  defs["duration"] = described(or_reference(pattern("^-?([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us))+$")),
                               "A number with its unit: us, ms, s, m, h, d");
  defs["size"] = described(or_reference(pattern("^[0-9]+(\\.[0-9]+)?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$")),
                           "A number with its unit: B, KB, MB, GB, TB, KiB, MiB, GiB, TiB");
  defs["timestamp"] = described(or_reference(pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]")),
                                "RFC 3339 with its zone: 2026-01-31T08:00:00Z");
  return defs;
}

}  // namespace

std::string json_schema(Page page) {
  const Outline contract = outline_of_contract();
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", page == Page::pipeline ? "Weir pipeline" : "Weir contract"},
              {"$comment", "Generated by `weir schema`."}};
  const Json body = schema_of(page == Page::pipeline ? outline_of_pipeline() : contract);
  schema.update(body);
  schema["$defs"] = definitions();
  if (page == Page::pipeline) schema["$defs"]["contract"] = schema_of(contract);
  return schema.dump(2) + "\n";
}

}  // namespace weir
