// How Reading reads single values: a scalar's text into a number, a duration, a secret.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>
#include <type_traits>

#include "config/nearest.h"
#include "config/reading.h"
#include "config/units.h"

namespace weir {
namespace {

std::string number_text(double value) {
  std::ostringstream out;
  out.precision(15);
  out << value;
  return out.str();
}

bool is_plain_name(std::string_view text, std::string_view more, std::size_t size_max) {
  if (text.empty() || text.size() > size_max) return false;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!plain && more.find(c) == std::string_view::npos) return false;
  }
  return true;
}

// What is wrong with the text for what it is meant to be; empty where nothing.
std::string text_fault(const std::string& text, Text kind) {
  if (text.find('\0') != std::string::npos) return "holds a zero byte; remove it";
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return "is empty; give it a value or remove the key";
  switch (kind) {
    case Text::identifier:
      if (!is_plain_name(text, "", 64) || (text[0] >= '0' && text[0] <= '9'))
        return "is no name; a name has letters, digits and _, begins with no digit, and at most 64 "
               "characters";
      break;
    case Text::label:
      if (!is_plain_name(text, "-.", 100) || text[0] == '.' || text[0] == '-')
        return "is no name; a name has letters, digits, _ - and ., begins with a letter or digit, and at "
               "most 100 characters";
      break;
    case Text::url:
      if (!text.starts_with("https://") && !text.starts_with("http://"))
        return "is no web address; it begins with https:// or http://";
      break;
    case Text::path:
      if (text.find("://") != std::string::npos)
        return "is an address; this version has only folders and files of this machine here yet";
      break;
    case Text::sql:
    case Text::any: break;
  }
  return {};
}

// Nothing but one reference without a default: fit to be shown in place of the secret.
bool is_pure_reference(std::string_view text) {
  return text.starts_with("${") && text.find('}') == text.size() - 1 && text.find(":-") == std::string_view::npos;
}

}  // namespace

std::optional<Interpolated> Reading::interpolated(const Cursor& at, bool secret) {
  if (at.node.kind == Node::Kind::bad) return std::nullopt;
  if (at.node.kind == Node::Kind::null) {
    error(at, "has no value; give it one or remove the key");
    return std::nullopt;
  }
  if (at.node.kind != Node::Kind::scalar) {
    error(at, "wants a single value, here is " + describe_kind(at.node));
    return std::nullopt;
  }
  const Interpolation how{options_.environment, at.node.place.file->folder, secret, options_.resolve_references};
  auto result = interpolate(at.node.text, how);
  if (!result) {
    error(at, result.error());
    return std::nullopt;
  }
  return std::move(*result);
}

std::optional<std::string> Reading::text(const Cursor& at) {
  auto result = interpolated(at, false);
  if (!result || is_unresolved(*result)) return std::nullopt;
  return std::move(result->text);
}

bool Reading::in_range(const Cursor& at, double value, const About& about, std::string_view unit) {
  const auto bound = [&](double limit) {
    if (unit == "s") return format_duration(std::chrono::microseconds(std::llround(limit * 1e6)));
    if (unit == "B") return format_bytes(Bytes(static_cast<std::uint64_t>(limit)));
    return number_text(limit);
  };
  if (about.min && value < *about.min) {
    error(at, describe_kind(at.node) + " is too small; the least is " + bound(*about.min));
    return false;
  }
  if (about.max && value > *about.max) {
    error(at, describe_kind(at.node) + " is too large; the most is " + bound(*about.max));
    return false;
  }
  return true;
}

// Whether a text may stand for a number or a bool: a quoted one may not, except where it holds a reference.
static bool is_bare(const Node& node) { return !node.quoted || node.text.find("${") != std::string::npos; }

bool Reading::read(const Cursor& at, bool& target, const About&) {
  const auto written = text(at);
  if (!written) return false;
  if ((*written != "true" && *written != "false") || !is_bare(at.node)) {
    error(at, "wants true or false, without quotes, here is " + describe_kind(at.node));
    return false;
  }
  target = *written == "true";
  return true;
}

template <class T>
bool Reading::read_integer(const Cursor& at, T& target, const About& about) {
  const auto written = text(at);
  if (!written) return false;
  T value{};
  const auto [end, fault] = std::from_chars(written->data(), written->data() + written->size(), value);
  const bool whole = end == written->data() + written->size() && is_bare(at.node);
  if (fault == std::errc::result_out_of_range && whole) {
    error(at, describe_kind(at.node) + " is too large or too small for this number; the most is " +
                  std::to_string(std::numeric_limits<T>::max()));
    return false;
  }
  if (fault != std::errc{} || !whole) {
    error(at, std::string("wants a whole number") + (std::is_unsigned_v<T> ? " from 0" : "") +
                  ", without unit or quotes, here is " + describe_kind(at.node));
    return false;
  }
  if (!in_range(at, static_cast<double>(value), about, "")) return false;
  target = value;
  return true;
}

bool Reading::read(const Cursor& at, std::int32_t& target, const About& about) {
  return read_integer(at, target, about);
}
bool Reading::read(const Cursor& at, std::int64_t& target, const About& about) {
  return read_integer(at, target, about);
}
bool Reading::read(const Cursor& at, std::uint32_t& target, const About& about) {
  return read_integer(at, target, about);
}
bool Reading::read(const Cursor& at, std::uint64_t& target, const About& about) {
  return read_integer(at, target, about);
}

bool Reading::read(const Cursor& at, double& target, const About& about) {
  const auto written = text(at);
  if (!written) return false;
  double value = 0;
  const auto [end, fault] = std::from_chars(written->data(), written->data() + written->size(), value);
  if (fault != std::errc{} || end != written->data() + written->size() || !std::isfinite(value) || !is_bare(at.node)) {
    error(at, "wants a number, without unit or quotes, here is " + describe_kind(at.node));
    return false;
  }
  if (!in_range(at, value, about, "")) return false;
  target = value;
  return true;
}

bool Reading::read(const Cursor& at, std::string& target, const About& about) {
  if (!about.allowed.empty()) {
    const auto index = one_of(at, about.allowed, about.later_allowed);
    if (index) target = about.allowed[*index];
    return index.has_value();
  }
  auto written = interpolated(at, false);
  if (!written) return false;
  const std::string fault = is_unresolved(*written) ? std::string() : text_fault(written->text, about.text);
  if (!fault.empty()) {
    error(at, (written->text.empty() ? "" : describe_kind(at.node) + " ") + fault);
    return false;
  }
  target = about.text == Text::path ? resolve_path(at, written->text) : std::move(written->text);
  return true;
}

// Messages about a secret never quote it.
bool Reading::read(const Cursor& at, Secret& target, const About&) {
  if (at.node.kind == Node::Kind::list || at.node.kind == Node::Kind::map) {
    error(at, "wants a single value, as \"${file:/path}\" or \"${env:NAME}\"");
    return false;
  }
  auto written = interpolated(at, true);
  if (!written) return false;
  if (written->text.empty() || written->text.find('\0') != std::string::npos) {
    error(at, "is empty or holds a zero byte; give it a value or remove the key");
    return false;
  }
  if (!written->has_reference)
    report(Severity::lint, at.place(), at.path,
           "a secret stands in the file; keep it elsewhere and write \"${file:/path}\" or \"${env:NAME}\"");
  target = Secret(std::move(written->text), is_pure_reference(at.node.text) ? at.node.text : std::string());
  return true;
}

bool Reading::read(const Cursor& at, std::chrono::microseconds& target, const About& about) {
  const auto written = text(at);
  if (!written) return false;
  const auto value = parse_duration(*written);
  if (!value) {
    error(at, describe_kind(at.node) + " is " + value.error());
    return false;
  }
  if (!in_range(at, static_cast<double>(value->count()) / 1e6, about, "s")) return false;
  target = *value;
  return true;
}

bool Reading::read(const Cursor& at, Bytes& target, const About& about) {
  const auto written = text(at);
  if (!written) return false;
  const auto value = parse_bytes(*written);
  if (!value) {
    error(at, describe_kind(at.node) + " is " + value.error());
    return false;
  }
  if (!in_range(at, static_cast<double>(value->value), about, "B")) return false;
  target = *value;
  return true;
}

bool Reading::read(const Cursor& at, Micros& target, const About&) {
  const auto written = text(at);
  if (!written) return false;
  const auto value = parse_timestamp(*written);
  if (!value) {
    error(at, describe_kind(at.node) + " is " + value.error());
    return false;
  }
  target = *value;
  return true;
}

}  // namespace weir
