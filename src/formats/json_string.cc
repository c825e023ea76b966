#include "formats/json_string.h"

#include <array>

namespace weir {
namespace {

// The characters of \b and the like; 0 where the escape is none.
constexpr std::array<char, 256> simple = [] {
  std::array<char, 256> all{};
  all['"'] = '"';
  all['\\'] = '\\';
  all['/'] = '/';
  all['b'] = '\b';
  all['f'] = '\f';
  all['n'] = '\n';
  all['r'] = '\r';
  all['t'] = '\t';
  return all;
}();

constexpr std::uint32_t no_unit = 0xffffffff;

std::uint32_t read_unit(std::string_view raw, std::size_t at) {  // four hexadecimal digits
  if (at + 4 > raw.size()) return no_unit;
  std::uint32_t unit = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = raw[i];
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<std::uint32_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<std::uint32_t>(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      digit = static_cast<std::uint32_t>(c - 'A' + 10);
    else
      return no_unit;
    unit = unit << 4 | digit;
  }
  return unit;
}

void append_utf8(std::uint32_t c, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

bool is_high(std::uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

// `at` stands behind "\u"; moves it behind the character.
bool unescape_unit(std::string_view raw, std::size_t& at, std::string& out) {
  const std::uint32_t unit = read_unit(raw, at);
  if (unit == no_unit || is_low(unit)) return false;
  at += 4;
  if (!is_high(unit)) {
    append_utf8(unit, out);
    return true;
  }
  if (at + 2 > raw.size() || raw[at] != '\\' || raw[at + 1] != 'u') return false;
  const std::uint32_t low = read_unit(raw, at + 2);
  if (low == no_unit || !is_low(low)) return false;
  at += 6;
  append_utf8(0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff)), out);
  return true;
}

}  // namespace

bool unescape(std::string_view raw, std::string& out, std::size_t& bad) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t next = raw.find('\\', at);
    out.append(raw.substr(at, next == std::string_view::npos ? next : next - at));
    if (next == std::string_view::npos) return true;
    bad = next;
    at = next + 2;
    if (at > raw.size()) return false;
    const char escape = raw[next + 1];
    if (escape == 'u') {
      if (!unescape_unit(raw, at, out)) return false;
    } else if (const char c = simple[static_cast<unsigned char>(escape)]; c != 0) {
      out += c;
    } else {
      return false;
    }
  }
}

}  // namespace weir
