#include "formats/json_text.h"

#include <cstdint>
#include <cstring>

#include "formats/json_index.h"

namespace weir {
namespace {

constexpr char hex[] = "0123456789abcdef";

void append_escape(unsigned char c, std::string& out) {
  out += '\\';
  switch (c) {
    case '"': out += '"'; return;
    case '\\': out += '\\'; return;
    case '\n': out += 'n'; return;
    case '\r': out += 'r'; return;
    case '\t': out += 't'; return;
    case '\b': out += 'b'; return;
    case '\f': out += 'f'; return;
    default:
      out += "u00";
      out += hex[c >> 4];
      out += hex[c & 15];
  }
}

constexpr std::uint64_t ones = 0x0101010101010101;
constexpr std::uint64_t highs = ones << 7;

// Whether any of eight bytes needs a look: a quote, a backslash, a control character or a byte beyond ASCII.
bool is_plain(std::uint64_t word) {
  const std::uint64_t quote = word ^ ones * '"';
  const std::uint64_t backslash = word ^ ones * '\\';
  const std::uint64_t zeros = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
  return ((zeros | word | ((word - ones * 0x20) & ~word)) & highs) == 0;
}

// Where the first byte stands that needs a look.
std::size_t plain_size(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if (!is_plain(word)) break;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c == '"' || c == '\\' || c >= 0x80) break;
  }
  return at;
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t utf8_until = 0;  // text up to here is known to be UTF-8
  for (std::size_t at = 0;;) {
    const std::size_t plain = plain_size(text.substr(at));
    out.append(text.data() + at, plain);
    at += plain;
    if (at == text.size()) break;
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x80) {
      append_escape(c, out);
      ++at;
      continue;
    }
    if (at >= utf8_until) utf8_until = at + find_bad_utf8(text.substr(at));
    if (at == utf8_until) {
      out += "\xef\xbf\xbd";
      ++at;
    } else {
      do out += text[at++];
      while (at < utf8_until && static_cast<unsigned char>(text[at]) >= 0x80);
    }
  }
  out += '"';
}

}  // namespace weir
