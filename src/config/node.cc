#include "config/node.h"

#include <algorithm>

namespace weir {
namespace {

constexpr std::size_t shown_max = 80;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string escaped(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

std::string shown(std::string_view text) {
  std::size_t end = std::min(text.size(), shown_max);
  while (end > 0 && end < text.size() && is_continuation(text[end])) --end;
  return escaped(text.substr(0, end)) + (end < text.size() ? "..." : "");
}

std::string join_path(std::string_view path, std::string_view key) {
  std::string joined(path);
  if (!key.empty() && key.size() <= shown_max && std::all_of(key.begin(), key.end(), is_plain)) {
    if (!joined.empty()) joined += '.';
    return joined.append(key);
  }
  return joined + "[\"" + shown(key) + "\"]";
}

std::string describe_kind(const Node& node) {
  switch (node.kind) {
    case Node::Kind::scalar: return "\"" + shown(node.text) + "\"";
    case Node::Kind::list: return "a list";
    case Node::Kind::map: return "a map";
    case Node::Kind::null:
    case Node::Kind::bad: break;
  }
  return "nothing";
}

}  // namespace weir
