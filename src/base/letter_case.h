#pragma once
// Text in lower case, of ASCII letters only: as SQL compares names, whatever the locale.
//
// Threads: plain function.

#include <string>
#include <string_view>

namespace weir {

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace weir
