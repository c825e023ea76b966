#include "config/outline.h"

#include <cstdio>
#include <utility>
#include <variant>

#include "config/pipeline_spec.h"
#include "config/shape.h"
#include "config/units.h"

namespace weir {
namespace {

using Kind = Outline::Kind;

template <class T>
Outline outline_of(T& value, const About& about);
template <class T>
std::string default_word_of(T& value);

std::string number_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.15g", value);
  return buffer;
}

// A member's value as a file would write it; empty where there is nothing to show.
template <class T>
std::string default_of(T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_floating_point_v<T>) {
    return number_text(value);
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<T, std::chrono::microseconds>) {
    return format_duration(value);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return format_bytes(value);
  } else if constexpr (std::is_enum_v<T>) {
    for (const auto& one : names_of(T{}))
      if (one.value == value) return std::string(one.name);
  } else if constexpr (shape::Forms<T>) {
    return default_word_of(value);
  }
  return {};
}

class ObjectOutliner {
 public:
  template <class T>
  void field(std::string_view name, T& member, const About& about) {
    if (!about.later) add(name, about, outline_of(member, about), default_of(member));
  }
  template <class T, class F>
  void section(std::string_view name, std::optional<T>&, const About& about, F describe_inner) {
    T value{};
    ObjectOutliner inner;
    describe_inner(inner, value);
    add(name, about, std::move(inner.out), {});
  }
  template <class... A>
  void choice(std::string_view name, std::string&, const About& about, A... alternatives) {
    out.variant_key = name;
    out.variant_doc = about.doc;
    (add_variant(alternatives), ...);
  }
  template <class... S, class... B>
  void one_of(std::variant<S...>&, B... bodies) {
    (add_body(bodies), ...);
  }
  void file_or_inline(std::string_view name, std::string&, ContractSpec&, const About& about) {
    Outline contract;
    contract.kind = Kind::contract;
    add(name, about, std::move(contract), {});
  }
  void later(std::string_view) {}

  Outline out;

 private:
  void add(std::string_view name, const About& about, Outline value, std::string default_text) {
    OutlineKey key;
    key.name = name;
    key.doc = about.doc;
    key.required = about.required;
    key.example = about.example;
    key.default_is_value = about.default_text.empty() && !about.required && !default_text.empty();
    key.default_text = key.default_is_value ? std::move(default_text) : std::string(about.default_text);
    key.value = std::move(value);
    out.keys.push_back(std::move(key));
  }
  template <class T>
  void add_variant(const Alternative<T>& alternative) {
    ObjectOutliner inner;
    describe(inner, alternative.target);
    out.variants.push_back({std::string(alternative.name), std::string(alternative.doc), std::move(inner.out)});
  }
  void add_variant(const LaterAlternative&) {}
  template <class T>
  void add_body(const Body<T>& body) {
    T value{};
    OutlineKey key;
    key.name = body.name;
    key.doc = body.doc;
    key.value = outline_of(value, {});
    out.bodies.push_back(std::move(key));
  }
  void add_body(const LaterBody&) {}
};

class FormsOutliner {
 public:
  FormsOutliner() { out.kind = Kind::forms; }

  template <class K>
  void word(std::string_view name, K& kind, K value, std::string_view doc) {
    out.words.push_back({std::string(name), std::string(doc)});
    if (kind == value) default_word = name;
  }
  void keyed(std::string_view name, auto& member, auto&, auto, const About& about) {
    OutlineKey key;
    key.name = name;
    key.doc = about.doc;
    key.example = about.example;
    key.value = outline_of(member, about);
    out.keys.push_back(std::move(key));
  }
  void text(auto& member, auto&, auto, const About& about) { add_inner(outline_of(member, about), about); }
  void map(auto& member, auto&, auto, const About& about) { add_inner(outline_of(member, about), about); }
  void later_word(std::string_view) {}
  void later_key(std::string_view) {}

  Outline out;
  std::string default_word;

 private:
  void add_inner(Outline inner, const About& about) {
    inner.doc = about.doc;
    if (!about.example.empty()) inner.doc.append(", as `").append(about.example).append("`");
    out.inner.push_back(std::move(inner));
  }
};

class WholeOutliner {
 public:
  void itself(auto& member, const About& about) {
    out = outline_of(member, about);
    out.doc = about.doc;
  }
  void itself_file_or_inline(const std::string&, std::string&, ContractSpec&, const About& about) {
    out.kind = Kind::contract;
    out.doc = about.doc;
  }
  Outline out;
};

template <class T>
Outline scalar_outline(const About& about) {
  Outline out;
  out.text = about.text;
  out.min = about.min;
  out.max = about.max;
  if constexpr (std::is_same_v<T, bool>) {
    out.kind = Kind::boolean;
  } else if constexpr (std::is_floating_point_v<T>) {
    out.kind = Kind::number;
  } else if constexpr (std::is_integral_v<T>) {
    out.kind = Kind::integer;
    out.is_signed = std::is_signed_v<T>;
  } else if constexpr (std::is_same_v<T, Secret>) {
    out.kind = Kind::secret;
  } else if constexpr (std::is_same_v<T, std::chrono::microseconds>) {
    out.kind = Kind::duration;
  } else if constexpr (std::is_same_v<T, Bytes>) {
    out.kind = Kind::size;
  } else if constexpr (std::is_same_v<T, Micros>) {
    out.kind = Kind::timestamp;
  } else {
    out.kind = about.allowed.empty() ? Kind::text : Kind::words;
    for (std::string_view word : about.allowed) out.words.push_back({std::string(word), {}});
  }
  return out;
}

template <class E>
Outline enum_outline() {
  Outline out;
  out.kind = Kind::words;
  for (const auto& one : names_of(E{}))
    if (!one.later) out.words.push_back({std::string(one.name), std::string(one.doc)});
  return out;
}

template <class T>
Outline container_outline(Kind kind, const About& about) {
  T value{};
  Outline out;
  out.kind = kind;
  out.inner.push_back(outline_of(value, about));
  return out;
}

template <class K, class T>
Outline map_outline(const std::map<K, T>&, const About& about) {
  return container_outline<T>(std::is_same_v<K, std::string> ? Kind::named : Kind::numbered, about);
}

template <class T>
Outline outline_of(T& value, const About& about) {
  if constexpr (shape::is_optional<T>) {
    typename T::value_type inner{};
    return outline_of(inner, about);
  } else if constexpr (std::is_enum_v<T>) {
    return enum_outline<T>();
  } else if constexpr (shape::Scalar<T>) {
    return scalar_outline<T>(about);
  } else if constexpr (std::is_same_v<T, NamedSql>) {
    return container_outline<std::string>(Kind::named, about);
  } else if constexpr (shape::is_vector<T>) {
    using Item = typename T::value_type;
    return container_outline<Item>(shape::Keyed<Item> ? Kind::named : Kind::list, about);
  } else if constexpr (shape::is_map<T>) {
    return map_outline(value, about);
  } else if constexpr (std::is_same_v<T, SelectSpec>) {
    Outline out;
    out.kind = Kind::columns;
    return out;
  } else if constexpr (shape::Forms<T>) {
    FormsOutliner visitor;
    describe(visitor, value);
    return std::move(visitor.out);
  } else if constexpr (shape::Whole<T>) {
    WholeOutliner visitor;
    describe(visitor, value);
    return std::move(visitor.out);
  } else {
    ObjectOutliner visitor;
    describe(visitor, value);
    return std::move(visitor.out);
  }
}

template <class T>
std::string default_word_of(T& value) {
  FormsOutliner visitor;
  describe(visitor, value);
  return visitor.default_word;
}

}  // namespace

Outline outline_of_pipeline() {
  PipelineSpec pipeline;
  return outline_of(pipeline, {});
}

Outline outline_of_contract() {
  ContractSpec contract;
  return outline_of(contract, {});
}

}  // namespace weir
