#include "config/reading.h"

#include <algorithm>
#include <filesystem>

#include "base/file_system.h"
#include "config/nearest.h"
#include "config/yaml_parser.h"

namespace weir {

std::string folder_of(const std::string& path) {
  std::error_code ignored;
  const fs::Path absolute =
      std::filesystem::absolute(path, ignored);  // lint: ambient, the user typed it against the working directory
  return absolute.parent_path().lexically_normal().string();
}

Node Reading::parse_file(const std::string& path, const std::string& shown_as, const Cursor* asked_at) {
  Node nothing;
  nothing.kind = Node::Kind::bad;
  SourceFile& file = add_file(escaped(shown_as), folder_of(path));
  nothing.place = {&file, 1, 1};
  // One byte over the limit is read, so that the parser says what the limit is.
  auto content = fs::read_file(path, Bytes(yaml_bytes_max + 1));
  if (content) {
    Node root = parse_yaml(file, *content, problems_);
    if (root.place.file == nullptr) root.place = {&file, 1, 1};
    return root;
  }
  std::string message = "cannot be read: " + content.error().message;
  const auto size = fs::size_of(path);
  if (size && size->value > yaml_bytes_max) message = "larger than 1 MB; split it (include: brings shared parts)";
  if (asked_at != nullptr) {
    error(*asked_at, escaped(shown_as) + " " + message);
  } else {
    problems_.push_back({Severity::error, file.name, 0, 0, "", std::move(message)});
  }
  return nothing;
}

void Reading::report(Severity severity, const Place& place, std::string path, std::string message) {
  const std::string file = place.file == nullptr ? std::string() : place.file->name;
  problems_.push_back({severity, file, place.line, place.column, std::move(path), std::move(message)});
}

bool Reading::has_errors() const {
  return std::any_of(problems_.begin(), problems_.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::error; });
}

bool Reading::reported(std::string_view path) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Diagnostic& d) {
    return d.severity == Severity::error && std::string_view(d.path).starts_with(path) &&
           (d.path.size() == path.size() || d.path[path.size()] == '.' || d.path[path.size()] == '[');
  });
}

void Reading::note(const Cursor& at) {
  const Place& place = at.place();
  places_.add(at.path, {place.file == nullptr ? std::string() : place.file->name, place.line, place.column});
}

bool Reading::expect_map(const Cursor& at, std::string_view what) {
  if (at.node.kind == Node::Kind::map) return true;
  if (at.node.kind == Node::Kind::null) {
    error(at, "has no value; give it " + std::string(what) + " or remove the key");
  } else if (at.node.kind != Node::Kind::bad) {
    error(at, "wants " + std::string(what) + ", here is " + describe_kind(at.node));
  }
  return false;
}

bool Reading::expect_list(const Cursor& at) {
  if (at.node.kind == Node::Kind::list) return true;
  if (at.node.kind == Node::Kind::null) {
    error(at, "has no value; give it a list, [a, b], or remove the key");
  } else if (at.node.kind == Node::Kind::scalar) {
    error(at,
          "wants a list, here is " + describe_kind(at.node) + "; put it in brackets: [" + shown(at.node.text) + "]");
  } else if (at.node.kind != Node::Kind::bad) {
    error(at, "wants a list, here is " + describe_kind(at.node));
  }
  return false;
}

void Reading::refuse_later(const Cursor& at) {
  const std::size_t dot = at.path.rfind('.');
  error_at_key(at, "this version has no \"" + (dot == std::string::npos ? at.path : at.path.substr(dot + 1)) +
                       "\" here yet; remove it");
}

std::optional<std::size_t> Reading::one_of(const Cursor& at, const std::vector<std::string_view>& names,
                                           const std::vector<std::string_view>& later) {
  const auto found_in = [](const std::vector<std::string_view>& list, std::string_view name) {
    return static_cast<std::size_t>(std::find(list.begin(), list.end(), name) - list.begin());
  };
  // A bare null is a value where a list of names knows it.
  const bool null_word =
      at.node.kind == Node::Kind::null && at.node.text == "null" && found_in(names, "null") < names.size();
  if (null_word) return found_in(names, "null");
  const auto written = text(at);
  if (!written) return std::nullopt;
  if (const std::size_t index = found_in(names, *written); index < names.size()) return index;
  if (found_in(later, *written) < later.size()) {
    std::string list;
    for (std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
    error(at, "this version has no \"" + shown(*written) + "\" here yet; it has: " + list);
  } else {
    error(at, describe_kind(at.node) + " is not known" + suggestion(*written, names));
  }
  return std::nullopt;
}

std::string Reading::resolve_path(const Cursor& at, const std::string& path) {
  const fs::Path given(path);
  if (given.is_absolute() || at.node.place.file == nullptr) return given.lexically_normal().string();
  return (fs::Path(at.node.place.file->folder) / given).lexically_normal().string();
}

void SpecPlaces::add_below(const std::string& path, const SpecPlaces& inner) {
  for (const auto& [name, at] : inner.places_)
    if (!name.empty()) places_[std::string(path).append(name[0] == '[' ? "" : ".").append(name)] = at;
}

std::optional<SpecPlaces::At> SpecPlaces::find(std::string_view path) const {
  while (true) {
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
    const std::size_t cut = path.find_last_of(".[");
    if (cut == std::string_view::npos) break;
    path = path.substr(0, cut);
  }
  const auto root = places_.find("");
  return root == places_.end() ? std::nullopt : std::optional<At>(root->second);
}

Diagnostic SpecPlaces::problem(std::string path, std::string message, Severity severity) const {
  const At at = find(path).value_or(At{});
  return {severity, at.file, at.line, at.column, std::move(path), std::move(message)};
}

}  // namespace weir
