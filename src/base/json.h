#pragma once
// Small durable JSON texts: plans, manifests, --json output. Records of users never pass through here (formats/
// reads those). Include it from .cc files only: the library's header is large.
//
// Errors: parse_json gives Fault::data with the byte position. Threads: plain values.

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace weir {

using Json = nlohmann::ordered_json;

Result<Json> parse_json(std::string_view text);

// One line, keys in the order they were put in; bytes that are not UTF-8 become U+FFFD.
std::string dump_json(const Json& value);

// Reads the fields of one stored JSON object and says which nobody asked for: a format that a newer version wrote is
// refused, not half understood. The first wrong or missing field is kept and given by finish().
class JsonFields {
 public:
  // `what` names the object in errors: "plan", "commit".
  JsonFields(const Json& object, std::string_view what) : object_(object), what_(what) {
    if (!object.is_object()) problem("is not an object", "");
  }

  // A field that must be there.
  template <class T>
  T required(const char* name) {
    const Json* const found = take(name);
    if (found == nullptr) {
      problem("lacks", name);
      return T{};
    }
    return read<T>(*found, name);
  }

  // A field that is left out where it holds its default.
  template <class T>
  T optional(const char* name, T otherwise = T{}) {
    const Json* const found = take(name);
    return found == nullptr ? std::move(otherwise) : read<T>(*found, name);
  }

  bool has(const char* name) const { return object_.is_object() && object_.contains(name); }

  // The field as it is, or nullptr; for arrays.
  const Json* array(const char* name);

  // The field as it is, which must be there.
  const Json& object(const char* name);

  // The first problem, or a field that nobody asked for.
  Status finish();

 private:
  const Json* take(const char* name);

  template <class T>
  T read(const Json& value, const char* name) {
    if constexpr (std::is_same_v<T, std::string>) {
      if (value.is_string()) return value.get<std::string>();
    } else if constexpr (std::is_unsigned_v<T>) {
      if (value.is_number_unsigned()) {
        const auto wide = value.get<std::uint64_t>();
        if (wide <= std::numeric_limits<T>::max()) return static_cast<T>(wide);
      }
    } else {
      static_assert(std::is_signed_v<T> && std::is_integral_v<T>);
      if (value.is_number_integer() && !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)) {
        const auto wide = value.get<std::int64_t>();
        if (wide >= std::numeric_limits<T>::min() && wide <= std::numeric_limits<T>::max()) return static_cast<T>(wide);
      }
    }
    problem("has another type in", name);
    return T{};
  }

  void problem(std::string_view text, std::string_view name);

  const Json& object_;
  std::string_view what_;
  std::set<std::string, std::less<>> taken_;
  std::string problem_;
};

// The parsed text of a stored object; Fault::config where its `format` is newer than what this version reads.
Result<Json> parse_stored(std::string_view text, std::string_view what, int format);

}  // namespace weir
