#include "config/yaml_text.h"

#include <algorithm>

#include "config/yaml_parser.h"

namespace weir {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The length of the UTF-8 sequence at `at`, 0 where it is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned lead = byte(at);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  const unsigned second = byte(at + 1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0)) return 0;  // overlong, surrogate
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90)) return 0;  // overlong, above U+10FFFF
  return length;
}

std::string hex_byte(unsigned char byte) {
  static constexpr char digits[] = "0123456789abcdef";
  return {'0', 'x', digits[byte >> 4], digits[byte & 15]};
}

bool is_control(unsigned char byte) { return byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t'; }

// A line that begins with a tab and is not blank: YAML indents with spaces.
bool begins_with_tab(std::string_view text, std::size_t at) {
  if (text[at] != '\t' || (at > 0 && text[at - 1] != '\n')) return false;
  const std::size_t end = std::min(text.find('\n', at), text.size());
  return text.substr(at, end - at).find_first_not_of(" \t\r") != std::string_view::npos;
}

// A directive stands before the document's first line.
std::optional<Unreadable> find_directive(std::string_view text) {
  std::size_t at = byte_order_mark_size(text);
  while (at < text.size()) {
    if (text[at] == '%')
      return Unreadable{at, "directives (%) are not allowed; remove the line, or quote a value that begins with %"};
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::size_t content = text.find_first_not_of(" \t\r\n", at);
    if (content < end && text[content] != '#') return std::nullopt;
    at = end + 1;
  }
  return std::nullopt;
}

}  // namespace

LineStarts::LineStarts(std::string_view text) : text_(text), starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool lone_return = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
    if (text[i] == '\n' || lone_return) starts_.push_back(i + 1);
  }
}

Place LineStarts::place(const SourceFile& file, int position) const {
  const std::size_t at = std::min(static_cast<std::size_t>(std::max(position, 0)), text_.size());
  const auto line = static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), at) - starts_.begin());
  const bool goes_on = line == last_line_ && at >= last_position_;
  const std::size_t from = goes_on ? last_position_ : starts_[line - 1];
  const std::string_view between = text_.substr(from, at - from);
  const auto characters =
      static_cast<int>(std::count_if(between.begin(), between.end(), [](char c) { return !is_continuation(c); }));
  last_column_ = (goes_on ? last_column_ : 1) + characters;
  last_position_ = at;
  last_line_ = line;
  return {&file, static_cast<int>(line), last_column_};
}

std::size_t byte_order_mark_size(std::string_view text) { return text.starts_with("\xEF\xBB\xBF") ? 3 : 0; }

std::optional<Unreadable> find_unreadable(std::string_view text) {
  if (text.size() > yaml_bytes_max)
    return Unreadable{
        0, "larger than 1 MB (" + std::to_string(text.size()) + " bytes); split it (include: brings shared parts)"};
  if (text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE"))
    return Unreadable{0, "written as UTF-16; save it as UTF-8"};
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (is_control(byte))
      return Unreadable{i, "control character " + hex_byte(byte) + "; remove it, or write \"\\x..\" in double quotes"};
    if (begins_with_tab(text, i)) return Unreadable{i, "a tab as indentation; YAML indents with spaces"};
    const std::size_t length = sequence_length(text, i);
    if (length == 0) return Unreadable{i, "byte " + hex_byte(byte) + " is not UTF-8; save the file as UTF-8"};
    i += length;
  }
  return find_directive(text);
}

}  // namespace weir
