#pragma once
// Tells the kinds of members apart that describe() (about.h) may name, for visitors.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/types.h"
#include "config/secret.h"

namespace weir::shape {

// The structs that say how they are written (about.h).
template <class T>
concept Forms = requires { T::forms; };
template <class T>
concept Whole = requires { T::whole; };
template <class T>
concept Keyed = requires { T::keyed_by_name; };

template <class T>
concept Scalar =
    std::is_same_v<T, bool> || std::is_arithmetic_v<T> || std::is_same_v<T, std::string> || std::is_same_v<T, Secret> ||
    std::is_same_v<T, std::chrono::microseconds> || std::is_same_v<T, Bytes> || std::is_same_v<T, Micros>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
inline constexpr bool is_map = false;
template <class K, class T>
inline constexpr bool is_map<std::map<K, T>> = true;

}  // namespace weir::shape
