#include "config/yaml_parser.h"

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config/yaml_text.h"

namespace weir {
namespace {

// Ends the parse at once; thrown out of a handler before yaml-cpp goes a level deeper.
struct Stop {
  Place place;
  std::string message;
};

// Builds the tree from yaml-cpp's events.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceFile& file, std::string_view text, const LineStarts& lines, Diagnostics& problems)
      : file_(file), text_(text), lines_(lines), problems_(problems) {
    root_.kind = Node::Kind::bad;
  }

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      throw Stop{place(mark),
                 "a second document begins here; a file holds one: put each pipeline into a file of its own"};
  }
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    report(place(mark), "the anchor &" + shown(name) + " is not allowed; write the value out where it is used");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    report(place(mark), "aliases (*name) are not allowed; write the value out, or quote a text that begins with *");
    add(node(mark, Node::Kind::bad));
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    Node nothing = node(mark, Node::Kind::null);
    // `key: null` and `key:` are one event; a few keys know null as a word.
    const auto at = static_cast<std::size_t>(mark.pos);
    if (at < text_.size() && text_.substr(at, 4) == "null") nothing.text = "null";
    add(std::move(nothing));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    refuse_tag(mark, tag);
    Node scalar = node(mark, Node::Kind::scalar);
    scalar.text = value;
    scalar.quoted = tag == "!";
    if (scalar.quoted && !is_closed(static_cast<std::size_t>(mark.pos)))
      throw Stop{scalar.place, "a quote is not closed before the file ends"};
    add(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(node(mark, Node::Kind::list));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(node(mark, Node::Kind::map));
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or map that is not closed yet.
  struct Open {
    Node node;
    bool has_key = false;
    bool skip = false;  // the key was refused; its value goes nowhere
    std::string key;
    Place key_place;
    std::map<std::string, int> lines;  // where each key was first written
  };

  Place place(const YAML::Mark& mark) const { return lines_.place(file_, mark.pos); }

  Node node(const YAML::Mark& mark, Node::Kind kind) {
    Node made;
    made.kind = kind;
    made.place = place(mark);
    if (++nodes_ > yaml_nodes_max)
      throw Stop{made.place, "more than 100000 values; split the file (include: brings shared parts)"};
    return made;
  }

  void report(const Place& at, std::string message) {
    problems_.push_back({Severity::error, file_.name, at.line, at.column, path(), std::move(message)});
  }

  // The keys and indices that lead here.
  std::string path() const {
    std::string text;
    for (const Open& level : open_) {
      if (level.node.kind == Node::Kind::list) {
        text += "[" + std::to_string(level.node.items.size()) + "]";
      } else if (level.has_key) {
        text = join_path(text, level.key);
      }
    }
    return text;
  }

  // yaml-cpp takes a quote that the end of the file closes, if a line end stands before it.
  bool is_closed(std::size_t at) const {
    if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return true;
    const char quote = text_[at];
    for (++at; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\') {
        ++at;
      } else if (text_[at] == quote) {
        if (quote == '"' || at + 1 >= text_.size() || text_[at + 1] != quote) return true;
        ++at;  // '' within single quotes
      }
    }
    return false;
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag != "?" && tag != "!")
      report(place(mark), "tags (!...) are not allowed; the key decides the type: remove the tag");
  }

  void open(Node made) {
    if (awaits_key()) refuse_key(made.place);
    if (static_cast<int>(open_.size()) >= yaml_depth_max)
      throw Stop{made.place, "nested deeper than 64 levels; no key of Weir needs that"};
    open_.emplace_back().node = std::move(made);
  }

  void close() {
    Node made = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(made));
  }

  bool awaits_key() const {
    return !open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().has_key;
  }

  void refuse_key(const Place& at) const {
    throw Stop{at, "a { or [ that is not closed, or stands for a key; close it, or quote the text"};
  }

  void add(Node made) {
    if (open_.empty()) {
      root_ = std::move(made);
    } else if (open_.back().node.kind == Node::Kind::list) {
      open_.back().node.items.push_back(std::move(made));
    } else if (!open_.back().has_key) {
      take_key(std::move(made));
    } else {
      take_value(std::move(made));
    }
  }

  void take_key(Node made) {
    if (made.kind == Node::Kind::null)
      throw Stop{made.place, "a key is missing before the colon; a key named null must be quoted"};
    Open& map = open_.back();
    map.has_key = true;
    map.key = made.text;
    map.key_place = made.place;
    map.skip = made.kind == Node::Kind::bad;
    if (map.skip) return;
    if (made.text == "<<" && !made.quoted) {
      report(made.place, "merge keys (<<) are not allowed; write the keys out, or share them with include:");
      map.skip = true;
      return;
    }
    const auto [first, is_new] = map.lines.emplace(map.key, made.place.line);
    if (!is_new) {
      report(made.place,
             "this key is written twice (first on line " + std::to_string(first->second) + "); keep one of them");
      map.skip = true;
    }
  }

  void take_value(Node made) {
    Open& map = open_.back();
    map.has_key = false;
    if (std::exchange(map.skip, false)) return;
    map.node.entries.push_back({std::move(map.key), map.key_place, std::move(made)});
  }

  const SourceFile& file_;
  std::string_view text_;
  const LineStarts& lines_;
  Diagnostics& problems_;
  Node root_;
  std::vector<Open> open_;
  int documents_ = 0;
  int nodes_ = 0;
};

// yaml-cpp's words, and what a user does about them.
std::string explain(const std::string& message) {
  static const std::pair<const char*, const char*> remedies[] = {
      {YAML::ErrorMsg::MAP_VALUE, "\": \" within a value; quote the whole value, or check the indentation"},
      {YAML::ErrorMsg::END_OF_MAP,
       "the map does not go on here; check the indentation and that each key ends with a colon"},
      {YAML::ErrorMsg::END_OF_SEQ, "the list does not go on here; each entry begins with \"- \" in the same column"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW, "a { is not closed; close it with }, entries apart with commas"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW, "a [ is not closed; close it with ], entries apart with commas"},
      {YAML::ErrorMsg::FLOW_END, "a } or ] closes nothing; remove it, or quote the value"},
      {YAML::ErrorMsg::BLOCK_ENTRY, "a list entry (- ) cannot stand here; put it on a line of its own below its key"},
      {YAML::ErrorMsg::EOF_IN_SCALAR, "a quote is not closed before the file ends"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "a value cannot begin with this character; quote it"},
      {YAML::ErrorMsg::UNKNOWN_ANCHOR,
       "aliases (*name) are not allowed; write the value out, or quote a text that begins with *"},
  };
  for (const auto& [words, remedy] : remedies)
    if (message == words) return remedy;
  return "not readable as YAML: " + shown(message);
}

}  // namespace

Node parse_yaml(const SourceFile& file, std::string_view text, Diagnostics& problems) {
  Node nothing;
  nothing.kind = Node::Kind::bad;
  const auto report = [&](const Place& at, std::string message) {
    problems.push_back({Severity::error, file.name, at.line, at.column, "", std::move(message)});
  };
  const LineStarts lines(text);
  if (const auto problem = find_unreadable(text)) {
    report(lines.place(file, static_cast<int>(problem->position)), problem->message);
    return nothing;
  }
  const std::string_view body = text.substr(byte_order_mark_size(text));
  const LineStarts body_lines(body);
  TreeBuilder builder(file, body, body_lines, problems);
  try {
    std::istringstream stream{std::string(body)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {}
    return builder.take_root();
  } catch (const Stop& stop) {
    report(stop.place, stop.message);
  } catch (const YAML::Exception& e) {
    report(body_lines.place(file, e.mark.is_null() ? 0 : e.mark.pos), explain(e.msg));
  } catch (const std::exception& e) {
    report(Place{&file, 1, 1}, std::string("not readable as YAML: ") + e.what());
  }
  return nothing;
}

}  // namespace weir
