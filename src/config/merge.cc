#include "config/merge.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "config/nearest.h"
#include "config/yaml_parser.h"

namespace weir {
namespace {

constexpr std::size_t includes_max = 100;

// Moves the entries of `from` into the map `into`, refusing names that are there.
void move_entries(Reading& reading, Node& into, Node& from, const std::string& section) {
  for (Entry& entry : from.entries) {
    if (const Entry* first = into.find(entry.key)) {
      reading.report(Severity::error, entry.key_place, join_path(section, entry.key),
                     "is given in " + first->key_place.file->name + " line " + std::to_string(first->key_place.line) +
                         " already; rename one of them");
      continue;
    }
    into.entries.push_back(std::move(entry));
  }
}

void include_file(Reading& reading, Node& root, const Cursor& at, const std::string& written) {
  const std::string path = reading.resolve_path(at, written);
  Node tree = reading.parse_file(path, shown_beside(*at.node.place.file, written), &at);
  if (tree.kind == Node::Kind::bad || tree.kind == Node::Kind::null) return;
  if (!reading.expect_map(Cursor{tree, "", tree.place})) return;
  for (Entry& entry : tree.entries) {
    const bool shared = entry.key == "connections" || entry.key == "contracts";
    if (!shared) {
      reading.report(Severity::error, entry.key_place, join_path("", entry.key),
                     "unknown key in an included file" + suggestion(entry.key, {"connections", "contracts"}));
      continue;
    }
    if (!reading.expect_map(Cursor{entry.value, entry.key, entry.key_place})) continue;
    Entry* there = root.find(entry.key);
    if (there == nullptr) {
      root.entries.push_back(std::move(entry));
    } else if (there->value.kind == Node::Kind::map) {
      move_entries(reading, there->value, entry.value, entry.key);
    }
  }
}

// The entry of a list that `name` means: its `name` key or its index.
Node* find_item(Node& list, const std::string& name) {
  for (Node& item : list.items) {
    const Entry* named = item.find("name");
    if (named != nullptr && named->value.kind == Node::Kind::scalar && named->value.text == name) return &item;
  }
  std::size_t index = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), index);
  const bool is_index = fault == std::errc{} && end == name.data() + name.size() && index < list.items.size();
  return is_index ? &list.items[index] : nullptr;
}

// The node that `name` means below `node`, made where it is not there; nothing where it cannot be.
Node* step_into(Node& node, const std::string& name, const Place& place) {
  if (node.kind == Node::Kind::list) return find_item(node, name);
  if (node.kind == Node::Kind::null) node.kind = Node::Kind::map;
  if (node.kind != Node::Kind::map) return nullptr;
  if (Entry* entry = node.find(name)) return &entry->value;
  Node made;
  made.place = place;
  return &node.entries.emplace_back(Entry{name, place, std::move(made)}).value;
}

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> names;
  std::size_t from = 0;
  while (true) {
    const std::size_t dot = path.find('.', from);
    names.push_back(path.substr(from, dot - from));
    if (dot == std::string::npos) return names;
    from = dot + 1;
  }
}

}  // namespace

std::string shown_beside(const SourceFile& file, const std::string& written) {
  return (std::filesystem::path(file.name).parent_path() / written).lexically_normal().string();
}

void bring_includes(Reading& reading, Node& root) {
  const Entry* include = root.find("include");
  if (include == nullptr) return;
  // The tree grows below: what is read from it is copied first.
  const Node list = include->value;
  const Cursor at{list, "include", include->key_place};
  if (!reading.expect_list(at)) return;
  if (list.items.size() > includes_max) return reading.error(at, "includes more than 100 files; put them together");
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Cursor item = at.at(i);
    const auto written = reading.text(item);
    if (!written) continue;
    if (written->empty() || written->find('\0') != std::string::npos) {
      reading.error(item, "names no file");
      continue;
    }
    include_file(reading, root, item, *written);
  }
}

void lay_over(Node& base, Node over) {
  if (base.kind != Node::Kind::map || over.kind != Node::Kind::map) {
    base = std::move(over);
    return;
  }
  for (Entry& entry : over.entries) {
    Entry* there = base.find(entry.key);
    if (entry.value.kind == Node::Kind::null) {
      std::erase_if(base.entries, [&](const Entry& e) { return e.key == entry.key; });
    } else if (there == nullptr) {
      base.entries.push_back(std::move(entry));
    } else {
      lay_over(there->value, std::move(entry.value));
    }
  }
}

void apply_set(Reading& reading, Node& root, const std::string& assignment, const std::string& folder) {
  const std::size_t equals = assignment.find('=');
  const std::string path = assignment.substr(0, equals);
  const SourceFile& file = reading.add_file("--set " + shown(path), folder);
  const Place place{&file, 1, 1};
  if (equals == std::string::npos || path.empty())
    return reading.report(Severity::error, place, "",
                          "no assignment; write --set key=value, as --set sources.payments.max_records=1000");
  Node value = parse_yaml(file, std::string_view(assignment).substr(equals + 1), reading.problems());
  // An empty value is a null: it removes the key, like in an overlay.
  if (value.kind == Node::Kind::bad && equals + 1 == assignment.size()) value.kind = Node::Kind::null;
  Node* parent = nullptr;
  Node* node = &root;
  const std::vector<std::string> names = split(path);
  for (const std::string& name : names) {
    parent = node;
    node = step_into(*node, name, place);
    if (node == nullptr)
      return reading.report(
          Severity::error, place, shown(path),
          "there is no \"" + shown(name) + "\" to set; list entries go by their name or their number from 0");
  }
  if (value.kind == Node::Kind::null && parent->kind == Node::Kind::map) {
    std::erase_if(parent->entries, [&](const Entry& e) { return e.key == names.back(); });
  } else {
    lay_over(*node, std::move(value));
  }
}

}  // namespace weir
