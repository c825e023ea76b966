#pragma once
// Looks at the text of a YAML file before a parser does: places of byte positions, and what yaml-cpp would
// misread in silence (0.7.0 takes byte 0x04 for the end of the file, follows UTF-16 marks, ignores unknown
// directives).
//
// Threads: plain values.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace weir {

// Turns byte positions into line and column. Keeps a view of the text. Threads: one.
class LineStarts {
 public:
  explicit LineStarts(std::string_view text);
  Place place(const SourceFile& file, int position) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
  // The last answer: positions mostly rise, and a line may be a megabyte long.
  mutable std::size_t last_position_ = 0;
  mutable std::size_t last_line_ = 1;
  mutable int last_column_ = 1;
};

struct Unreadable {
  std::size_t position;
  std::string message;
};

// The first thing in the text that no configuration may hold: too long, not UTF-8, control characters, a tab
// as indentation, a directive.
std::optional<Unreadable> find_unreadable(std::string_view text);

// 3 where the text begins with UTF-8's mark, else 0.
std::size_t byte_order_mark_size(std::string_view text);

}  // namespace weir
