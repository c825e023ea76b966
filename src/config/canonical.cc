#include "config/canonical.h"

#include <algorithm>
#include <variant>

#include "base/clock.h"
#include "base/json.h"
#include "config/interpolate.h"
#include "config/node.h"
#include "config/shape.h"
#include "config/units.h"

namespace weir {
namespace {

template <class T>
Json to_json(T& value);

Json scalar_to_json(const std::string& value) { return escape_references(value); }
Json scalar_to_json(const Secret& value) { return value.reference().empty() ? "***" : value.reference(); }
Json scalar_to_json(std::chrono::microseconds value) { return format_duration(value); }
Json scalar_to_json(Bytes value) { return format_bytes(value); }
Json scalar_to_json(Micros value) { return format_rfc3339(value); }
template <class T>
  requires std::is_arithmetic_v<T>
Json scalar_to_json(T value) {
  return value;
}

// What a file leaves out: the loader refuses empty texts.
template <class T>
bool is_absent(const T& value) {
  if constexpr (shape::is_optional<T>) {
    return !value.has_value();
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Secret> || shape::is_vector<T> ||
                       shape::is_map<T>) {
    return value.empty();
  } else {
    return false;
  }
}

class MapWriter {
 public:
  template <class T>
  void field(std::string_view name, T& member, const About& about) {
    if (about.later || !about.in_file || is_absent(member)) return;
    Json value = to_json(member);
    if (value.is_object() && value.empty()) return;  // a map of which nothing is given
    out[std::string(name)] = std::move(value);
  }
  template <class T, class F>
  void section(std::string_view name, std::optional<T>& member, const About&, F describe_inner) {
    if (!member) return;
    MapWriter inner;
    describe_inner(inner, *member);
    out[std::string(name)] = std::move(inner.out);
  }
  template <class... A>
  void choice(std::string_view name, std::string& member, const About&, A... alternatives) {
    out[std::string(name)] = member;
    (write_if(alternatives, member), ...);
  }
  template <class... S, class... B>
  void one_of(std::variant<S...>& member, B... bodies) {
    (write_body(bodies, member), ...);
  }
  void file_or_inline(std::string_view name, std::string&, ContractSpec& contract, const About&) {
    out[std::string(name)] = to_json(contract);
  }
  void later(std::string_view) {}

  Json out = Json::object();

 private:
  template <class T>
  void write_if(Alternative<T>& alternative, const std::string& chosen) {
    if (alternative.name == chosen) describe(*this, alternative.target);
  }
  void write_if(LaterAlternative&, const std::string&) {}
  template <class T, class Variant>
  void write_body(const Body<T>& body, Variant& member) {
    if (T* value = std::get_if<T>(&member)) out[std::string(body.name)] = to_json(*value);
  }
  template <class Variant>
  void write_body(const LaterBody&, Variant&) {}
};

class FormWriter {
 public:
  template <class K>
  void word(std::string_view name, K& kind, K value, std::string_view) {
    if (kind == value) out = std::string(name);
  }
  template <class T, class K>
  void keyed(std::string_view name, T& member, K& kind, K value, const About& about) {
    if (kind == value && about.in_file) out = Json{{std::string(name), to_json(member)}};
  }
  template <class T, class K>
  void text(T& member, K& kind, K value, const About&) {
    if (kind == value) out = to_json(member);
  }
  template <class T, class K>
  void map(T& member, K& kind, K value, const About&) {
    if (kind == value) out = to_json(member);
  }
  void later_word(std::string_view) {}
  void later_key(std::string_view) {}

  Json out;
};

class WholeWriter {
 public:
  template <class T>
  void itself(T& member, const About&) {
    out = to_json(member);
  }
  void itself_file_or_inline(const std::string&, std::string&, ContractSpec& contract, const About&) {
    out = to_json(contract);
  }

  Json out;
};

template <class E>
Json enum_to_json(E value) {
  for (const auto& one : names_of(E{}))
    if (one.value == value) return std::string(one.name);
  return nullptr;
}

Json select_to_json(const SelectSpec& select) {
  Json out = Json::object();
  if (select.all) out["*"] = true;
  for (const auto& [name, sql] : select.columns) out[name] = escape_references(sql);
  return out;
}

template <class T>
Json vector_to_json(std::vector<T>& values) {
  Json out = shape::Keyed<T> ? Json::object() : Json::array();
  for (T& value : values) {
    if constexpr (shape::Keyed<T>) {
      out[value.name] = to_json(value);
    } else {
      out.push_back(to_json(value));
    }
  }
  return out;
}

template <class K, class T>
Json map_to_json(std::map<K, T>& values) {
  Json out = Json::object();
  for (auto& [key, value] : values) {
    if constexpr (std::is_same_v<K, std::string>) {
      out[key] = to_json(value);
    } else {
      out[std::to_string(key)] = to_json(value);
    }
  }
  return out;
}

template <class T>
Json visited(auto visitor, T& value) {
  describe(visitor, value);
  return std::move(visitor.out);
}

template <class T>
Json to_json(T& value) {
  using Plain = std::remove_const_t<T>;
  if constexpr (shape::is_optional<Plain>) {
    return to_json(*value);
  } else if constexpr (std::is_enum_v<Plain>) {
    return enum_to_json(value);
  } else if constexpr (shape::Scalar<Plain>) {
    return scalar_to_json(value);
  } else if constexpr (std::is_same_v<Plain, NamedSql>) {
    Json out = Json::object();
    for (const auto& [name, sql] : value) out[name] = escape_references(sql);
    return out;
  } else if constexpr (shape::is_vector<Plain>) {
    return vector_to_json(value);
  } else if constexpr (shape::is_map<Plain>) {
    return map_to_json(value);
  } else if constexpr (std::is_same_v<Plain, SelectSpec>) {
    return select_to_json(value);
  } else if constexpr (shape::Forms<Plain>) {
    return visited(FormWriter{}, value);
  } else if constexpr (shape::Whole<Plain>) {
    return visited(WholeWriter{}, value);
  } else {
    return visited(MapWriter{}, value);
  }
}

using Entries = std::vector<std::pair<std::string, std::string>>;

// Steps are a list whose entries go by name, like everything else of a pipeline.
void flatten(const Json& value, const std::string& path, Entries& out) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, inner] : value.items()) flatten(inner, join_path(path, key), out);
  } else if (value.is_array() && !value.empty() && value.front().is_object()) {
    Json order = Json::array();
    for (const Json& item : value) {
      order.push_back(item.value("name", ""));
      flatten(item, join_path(path, item.value("name", "")), out);
    }
    out.emplace_back(path, dump_json(order));
  } else {
    out.emplace_back(path, dump_json(value));
  }
}

}  // namespace

// describe() takes its struct as changeable because the loader does; the writers only read it.
std::string canonical_text(const PipelineSpec& pipeline) {
  PipelineSpec copy = pipeline;
  return dump_json(to_json(copy));
}

std::string canonical_text(const ContractSpec& contract) {
  ContractSpec copy = contract;
  return dump_json(to_json(copy));
}

std::vector<std::pair<std::string, std::string>> canonical_entries(const PipelineSpec& pipeline) {
  PipelineSpec copy = pipeline;
  Entries out;
  flatten(to_json(copy), "", out);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace weir
