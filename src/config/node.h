#pragma once
// The tree of a YAML file, each value and key with its place. Only what a configuration needs: no anchors, no
// tags.
//
// Threads: plain values. Ownership: a Node owns what is below it; Places point to a SourceFile that must
// outlive them.

#include <string>
#include <string_view>
#include <vector>

namespace weir {

// A text that nodes come from: a file, an overlay, a --set.
struct SourceFile {
  std::string name;    // as shown in messages
  std::string folder;  // relative paths in it start here
};

struct Place {
  const SourceFile* file = nullptr;
  int line = 0;  // from 1
  int column = 0;
};

struct Entry;

struct Node {
  // bad: already reported while parsing; readers pass over it.
  enum class Kind { null, scalar, list, map, bad };
  Kind kind = Kind::null;
  Place place;
  std::string text;            // scalar; of a null, "null" where it is written so
  bool quoted = false;         // scalar: "5" is a text, 5 a number
  std::vector<Node> items;     // list
  std::vector<Entry> entries;  // map, in file order, no key twice

  const Entry* find(std::string_view key) const;
  Entry* find(std::string_view key);
};

struct Entry {
  std::string key;
  Place key_place;
  Node value;
};

inline const Entry* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}
inline Entry* Node::find(std::string_view key) { return const_cast<Entry*>(static_cast<const Node*>(this)->find(key)); }

// "a list", "a map", "the text \"x\"", "nothing": for messages.
std::string describe_kind(const Node& node);

// Control characters escaped.
std::string escaped(std::string_view text);
// Makes a user's text fit for a message: escaped, and cut where it is long.
std::string shown(std::string_view text);

// "sources" + "payments" = "sources.payments"; keys that are no plain names are written ["like this"].
std::string join_path(std::string_view path, std::string_view key);

}  // namespace weir
