#pragma once
// Finds the name a user most likely meant. Threads: pure functions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// How many single characters to insert, remove, replace or swap with their neighbour turn one into the other.
std::size_t edit_distance(std::string_view left, std::string_view right);

// The nearest of `known`, where it is near enough to be meant.
std::optional<std::string_view> nearest(std::string_view name, const std::vector<std::string_view>& known);

// `; did you mean "topics"?`, or else `; known here: a, b, c`; `; nothing is known here` of none.
std::string suggestion(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace weir
