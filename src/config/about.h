#pragma once
// The words in which a spec struct describes itself. Below each struct stands one function
//
//   template <class V> void describe(V& v, FileSinkSpec& s) {
//     v.field("path", s.path, {.doc = "Folder the files go to.", .required = true, .text = Text::path});
//   }
//
// and four visitors walk it: the loader (reader.h), the JSON Schema, the Markdown reference and the canonical
// text. A struct's defaults are its member initialisers. What a visitor offers:
//
//   field(name, member, about)       a key of the map. Members: bool, numbers, std::string, Secret,
//   durations, Bytes, Micros,
//                                    enums with names_of(), structs with describe(), and vector, map,
//                                    optional of these
//   section(name, optional, about, f)  a key whose map is described by f(visitor, struct)
//   choice(name, member, about, Alternative...)   a key that names one of several structs, whose keys stand
//   beside it one_of(variant, Body<T>...)      exactly one of these keys file_or_inline(name, file, struct,
//   about)     a path, or the same content in place later(name)                      a key of a later
//   version: refused as such, not as unknown
// For a struct with `static constexpr bool forms = true`, which is written in one of several shapes:
//   word(text, kind, value, doc)     the bare text
//   keyed(name, member, kind, value, about)   a map with this one key
//   text(member, kind, value, about) any other text
//   map(member, kind, value, about)  a map
//   later_word(text), later_key(name)
// For a struct with `static constexpr bool whole = true`, which is written as its one member:
//   itself(member, about)
// A struct with `static constexpr bool keyed_by_name = true` stands in a map from its name; else vectors are
// lists.
//
// Threads: plain values.

#include <optional>
#include <string_view>
#include <vector>

namespace weir {

// What a text is.
enum class Text {
  any,
  path,        // resolved against the folder of the file it stands in
  sql,         // a DuckDB expression
  identifier,  // letters, digits, _
  label,       // letters, digits, _ - .
  url,
};

struct About {
  std::string_view doc;
  bool required = false;
  Text text = Text::any;
  std::vector<std::string_view> allowed = {};        // the only texts
  std::vector<std::string_view> later_allowed = {};  // texts of a later version: refused as such
  std::optional<double> min = {};                    // numbers, durations in seconds, sizes in bytes
  std::optional<double> max = {};
  std::string_view default_text = {};  // where the default is no constant
  std::string_view example = {};
  bool later = false;   // described, read and checked, but refused: this version does not do it yet
  bool in_file = true;  // false: matters to reading only, not part of the canonical text
};

// A value of an enum and its name in YAML: `constexpr auto names_of(E) { return std::array{Named{E::x, "x"},
// ...}; }`.
template <class E>
struct Named {
  E value;
  std::string_view name;
  std::string_view doc = {};
  bool later = false;
};

template <class T>
struct Alternative {
  std::string_view name;
  T& target;
  std::string_view doc;
};
template <class T>
Alternative(std::string_view, T&, std::string_view) -> Alternative<T>;

struct LaterAlternative {
  std::string_view name;
};

template <class T>
struct Body {
  std::string_view name;
  std::string_view doc;
};

struct LaterBody {
  std::string_view name;
};

}  // namespace weir
