#include "formats/value_text.h"

#include <fmt/format.h>

namespace weir {
namespace {

// Bytes of the UTF-8 character at `text[at]`; 0 where it is none.
std::size_t character_size(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t size = lead < 0x80 ? 1 : lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (lead >= 0xf5 || size == 0 || at + size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return 0;
  return size;
}

// U+0080 to U+009F, and what turns the direction of text around (U+202A to U+202E, U+2066 to U+2069).
bool is_hidden(std::string_view character) {
  if (character.size() == 2) return character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0;
  if (character.size() != 3 || character[0] != '\xe2') return false;
  const auto last = static_cast<unsigned char>(character[2]);
  return (character[1] == '\x80' && last >= 0xa8 && last <= 0xae) ||
         (character[1] == '\x81' && last >= 0xa6 && last <= 0xa9);
}

std::string shown(std::string_view text, char quote) {
  std::string out;
  if (quote != 0) out += quote;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = character_size(text, at);
    if (at + (size == 0 ? 1 : size) > shown_bytes_max) break;
    const std::string_view character = text.substr(at, size);
    const auto byte = static_cast<unsigned char>(text[at]);
    if (size == 0 || byte < 0x20 || byte == 0x7f || is_hidden(character)) {
      for (std::size_t i = 0; i < (size == 0 ? 1 : size); ++i)
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at + i]));
    } else {
      if (quote != 0 && (byte == '"' || byte == '\\')) out += '\\';
      out += character;
    }
    at += size == 0 ? 1 : size;
  }
  if (quote != 0) out += quote;
  if (at < text.size()) out += "...";
  return out;
}

}  // namespace

std::string quoted_for_message(std::string_view text) { return shown(text, '"'); }
std::string shown_for_message(std::string_view text) { return shown(text, 0); }

}  // namespace weir
