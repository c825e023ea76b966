#include "formats/json_walk.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats/value_text.h"

namespace weir {
namespace {

constexpr std::size_t names_compared_directly = 12;
constexpr std::size_t names_kept = std::size_t{1} << 15;

}  // namespace

void JsonWalk::start(std::string_view text, const JsonIndex& index, std::uint32_t depth_max) {
  text_ = text;
  next_ = index.tokens();
  end_ = next_ + index.count();
  depth_max_ = depth_max;
  unreadable_ = false;
  if (problem_) {
    problem_.reset();
    problem_at_ = nowhere;
  }
  if (!names_.empty()) names_.clear();
  if (!unescaped_.empty()) unescaped_.clear();
}

bool JsonWalk::unescaped_string(At at, const RecordPath* path, std::string& storage, std::string_view& out) {
  storage.clear();
  std::size_t bad = 0;
  if (!unescape(out, storage, bad))
    return syntax(at + 1 + static_cast<At>(bad), "an escape that JSON does not have, or half of a surrogate pair",
                  path);
  out = storage;
  return true;
}

bool JsonWalk::skip_value(At at, std::uint32_t depth, const RecordPath* path) {
  switch (text_[at]) {
    case '{': return skip_object(depth, path);
    case '[': return skip_array(depth, path);
    case '"': {
      std::string_view characters;
      return !has_escape(raw_string(at)) || string(at, path, keep_unescaped(), characters);
    }
    case 't': return atom(at, "true", path);
    case 'f': return atom(at, "false", path);
    case 'n': return atom(at, "null", path);
    default: {
      JsonNumber number;
      return this->number(at, path, number);
    }
  }
}

bool JsonWalk::skip_object(std::uint32_t depth, const RecordPath* path) {
  if (!check_depth(depth, path)) return false;
  const std::size_t names = open_names();
  At at = 0;
  bool more = take_char(at) != '}';
  if (at == nowhere) return syntax(at, "the text ends in an open object", path);
  while (more) {
    if (!add_name(at, path)) return false;
    const RecordPath here{path, names_.back().text, -1};
    if (!colon(&here)) return false;
    const At value = take();
    if (value == nowhere) return syntax(value, "the text ends where a value belongs", &here);
    if (!skip_value(value, depth + 1, &here)) return false;
    if (!comma_or('}', at, more, path)) return false;
  }
  close_names(names, path);
  return true;
}

bool JsonWalk::skip_array(std::uint32_t depth, const RecordPath* path) {
  if (!check_depth(depth, path)) return false;
  At at = 0;
  bool more = take_char(at) != ']';
  if (at == nowhere) return syntax(at, "the text ends in an open array", path);
  for (RecordPath here{path, {}, 0}; more; ++here.index) {
    if (!skip_value(at, depth + 1, &here)) return false;
    if (!comma_or(']', at, more, path)) return false;
  }
  return true;
}

bool JsonWalk::finish() { return next_ == end_ || syntax(*next_, "more text after the end of the value", nullptr); }

void JsonWalk::shrink() {
  if (names_.capacity() > names_kept) names_ = {};
  if (sorted_.capacity() > names_kept) sorted_ = {};
  unescaped_.clear();
}

bool JsonWalk::check_depth(std::uint32_t depth, const RecordPath* path) {
  if (depth <= depth_max_) [[likely]]
    return true;
  return unreadable(Code::nesting_too_deep, path,
                    fmt::format("nested more than {} deep (depth_max of the contract)", depth_max_));
}

bool JsonWalk::syntax(At at, std::string_view what, const RecordPath* path) {
  if (at == nowhere || at >= text_.size())
    return unreadable(Code::json_parse_error, path,
                      fmt::format("{}: the text ends after {} bytes", what, text_.size()));
  if (at == 0 && text_.starts_with("\xef\xbb\xbf"))
    return unreadable(Code::json_parse_error, path, "a byte order mark before the value; JSON is sent without one");
  const std::string_view rest = text_.substr(at, std::max<At>(1, std::min<At>(peek() > at ? peek() - at : 1, 16)));
  return unreadable(Code::json_parse_error, path, fmt::format("{}, at byte {}: {}", what, at, shown_for_message(rest)));
}

bool JsonWalk::unreadable(Code code, const RecordPath* path, std::string message) {
  unreadable_ = true;
  problem_ = RecordProblem{code, to_text(path), std::move(message)};
  problem_at_ = 0;
  return false;
}

void JsonWalk::note(Code code, At at, const RecordPath* path, std::string message) {
  if (!would_note(at)) return;
  problem_ = RecordProblem{code, to_text(path), std::move(message)};
  problem_at_ = at;
}

void JsonWalk::note_missing(const RecordPath* path, std::string message) {
  if (problem_) return;
  note(Code::missing_field, nowhere, path, std::move(message));
}

bool JsonWalk::add_name(At at, const RecordPath* path) {
  if (text_[at] != '"') return syntax(at, "expected the name of a field in quotes", path);
  std::string_view name = raw_string(at);
  if (has_escape(name) && !string(at, path, keep_unescaped(), name)) return false;
  add_name(name, at);
  return true;
}

void JsonWalk::close_names(std::size_t base, const RecordPath* path) {
  const std::size_t count = names_.size() - base;
  const Name* twice = nullptr;
  const auto repeat = [&](const Name& name) {
    if (twice == nullptr || name.at < twice->at) twice = &name;
  };
  if (count <= names_compared_directly) {
    for (std::size_t i = base + 1; i < names_.size(); ++i)
      for (std::size_t j = base; j < i; ++j)
        if (names_[i].text == names_[j].text) repeat(names_[i]);
  } else {  // sorted, not hashed: no choice of names makes it slow
    sorted_.assign(names_.begin() + static_cast<std::ptrdiff_t>(base), names_.end());
    std::sort(sorted_.begin(), sorted_.end(), [](const Name& a, const Name& b) {
      const int order = a.text.compare(b.text);
      return order != 0 ? order < 0 : a.at < b.at;
    });
    for (std::size_t i = 1; i < sorted_.size(); ++i)
      if (sorted_[i].text == sorted_[i - 1].text) repeat(sorted_[i]);
  }
  if (twice != nullptr && would_note(twice->at)) {
    const RecordPath here{path, twice->text, -1};
    note(Code::duplicate_field, twice->at, &here, "the field is there twice in one object");
  }
  names_.resize(base);
}

std::string_view JsonWalk::value_text(At at) const {
  At end = peek();
  while (text_[end - 1] == ' ' || text_[end - 1] == '\n' || text_[end - 1] == '\r' || text_[end - 1] == '\t') --end;
  return text_.substr(at, end - at);
}

std::string JsonWalk::found(At at) const {
  switch (text_[at]) {
    case '{': return "an object";
    case '[': return "an array";
    case '"': {
      // The token was taken long ago: find the closing quote by itself.
      At end = at + 1;
      while (text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
      return "string " + quoted_for_message(text_.substr(at + 1, end - at - 1));
    }
    case 't': return "true";
    case 'f': return "false";
    case 'n': return "null";
    default: {
      const std::size_t end = text_.find_first_of(" \t\r\n,]}", at);
      return "number " + shown_for_message(text_.substr(at, end == std::string_view::npos ? end : end - at));
    }
  }
}

}  // namespace weir
