#pragma once
// The loader's side of describe() (about.h): reads a tree of Nodes into spec structs, reporting every problem
// on the way. Included by load.cc and by tests of single structs; others call load.h.
//
// Threads: one per Reading.

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "config/about.h"
#include "config/nearest.h"
#include "config/reading.h"
#include "config/shape.h"
#include "config/step_spec.h"

namespace weir {

template <class T>
bool read_value(Reading& reading, const Cursor& at, T& target, const About& about);

// Reads a file named in the tree, or the same content in place, into a contract (load.cc).
bool read_contract(Reading& reading, const Cursor& at, std::string& file, ContractSpec& contract, bool names_allowed);

// SelectSpec's own shape: a map from column to SQL.
bool read_select(Reading& reading, const Cursor& at, SelectSpec& select);

// Visits one map. What describe() did not ask for is an unknown key.
class MapReader {
 public:
  MapReader(Reading& reading, const Cursor& at) : reading_(reading), at_(at) {}

  template <class T>
  void field(std::string_view name, T& member, const About& about) {
    const Entry* entry = take(name, about);
    if (entry == nullptr) return;
    if (about.later) reading_.refuse_later(at_.at(*entry));
    read_value(reading_, at_.at(*entry), member, about);
  }

  template <class T, class F>
  void section(std::string_view name, std::optional<T>& member, const About& about, F describe_inner) {
    const Entry* entry = take(name, about);
    if (entry == nullptr) return;
    const Cursor at = at_.at(*entry);
    reading_.note(at);
    if (!reading_.expect_map(at)) return;
    MapReader inner(reading_, at);
    describe_inner(inner, member.emplace());
    inner.finish();
  }

  template <class... A>
  void choice(std::string_view name, std::string& member, const About& about, A... alternatives) {
    const Entry* entry = take(name, about);
    std::vector<std::string_view> names;
    std::vector<std::string_view> later;
    (sort_name(alternatives, names, later), ...);
    if (entry != nullptr) {
      reading_.note(at_.at(*entry));
      if (const auto index = reading_.one_of(at_.at(*entry), names, later)) {
        member = names[*index];
        (describe_if(alternatives, member), ...);
        return;
      }
    }
    lenient_ = true;  // which keys belong here is not known
  }

  template <class... S, class... B>
  void one_of(std::variant<S...>& member, B... bodies) {
    std::vector<std::string_view> found;
    std::vector<std::string_view> names;
    (try_body(bodies, member, found, names), ...);
    if (found.size() == 1 || at_.node.kind == Node::Kind::bad) return;
    std::string list;
    for (std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
    if (found.empty() && !has_unknown())
      reading_.report(Severity::error, at_.place(), at_.path, "does nothing; give it one of: " + list);
    if (found.size() > 1)
      reading_.report(
          Severity::error, at_.node.find(found[1])->key_place, join_path(at_.path, found[1]),
          "a step does one thing, this one has \"" + std::string(found[0]) + "\" already; make this a step of its own");
  }

  void file_or_inline(std::string_view name, std::string& file, ContractSpec& contract, const About& about) {
    const Entry* entry = take(name, about);
    if (entry == nullptr) return;
    reading_.note(at_.at(*entry));
    read_contract(reading_, at_.at(*entry), file, contract, true);
  }

  void later(std::string_view name) {
    later_.push_back(name);
    if (const Entry* entry = at_.node.find(name)) reading_.refuse_later(at_.at(*entry));
  }

  // Reports the keys that nobody asked for.
  void finish() {
    if (lenient_) return;
    for (const Entry& entry : at_.node.entries)
      if (!is_known(entry.key))
        reading_.report(Severity::error, entry.key_place, join_path(at_.path, entry.key),
                        "unknown key" + suggestion(entry.key, known_));
  }

 private:
  const Entry* take(std::string_view name, const About& about) {
    (about.later ? later_ : known_).push_back(name);
    const Entry* entry = at_.node.find(name);
    if (entry == nullptr && about.required) {
      std::string message = "required, but missing; add \"";
      message.append(name).append(": ").append(about.example.empty() ? "..." : about.example).append("\"");
      reading_.report(Severity::error, at_.key.line > 0 ? at_.key : at_.place(), join_path(at_.path, name),
                      std::move(message));
    }
    return entry;
  }

  bool is_known(std::string_view key) const {
    for (const auto* list : {&known_, &later_})
      for (std::string_view name : *list)
        if (name == key) return true;
    return false;
  }
  bool has_unknown() const {
    for (const Entry& entry : at_.node.entries)
      if (!is_known(entry.key)) return true;
    return false;
  }

  template <class T>
  static void sort_name(const Alternative<T>& a, std::vector<std::string_view>& names, std::vector<std::string_view>&) {
    names.push_back(a.name);
  }
  static void sort_name(const LaterAlternative& a, std::vector<std::string_view>&,
                        std::vector<std::string_view>& later) {
    later.push_back(a.name);
  }
  template <class T>
  void describe_if(const Alternative<T>& a, const std::string& chosen) {
    if (a.name == chosen) describe(*this, a.target);
  }
  void describe_if(const LaterAlternative&, const std::string&) {}

  template <class T, class Variant>
  void try_body(const Body<T>& body, Variant& member, std::vector<std::string_view>& found,
                std::vector<std::string_view>& names) {
    known_.push_back(body.name);
    names.push_back(body.name);
    const Entry* entry = at_.node.find(body.name);
    if (entry == nullptr) return;
    found.push_back(body.name);
    T value;
    read_value(reading_, at_.at(*entry), value, {});
    member = std::move(value);
  }
  template <class Variant>
  void try_body(const LaterBody& body, Variant&, std::vector<std::string_view>& found, std::vector<std::string_view>&) {
    later_.push_back(body.name);
    const Entry* entry = at_.node.find(body.name);
    if (entry == nullptr) return;
    found.push_back(body.name);
    reading_.refuse_later(at_.at(*entry));
  }

  Reading& reading_;
  const Cursor& at_;
  std::vector<std::string_view> known_;
  std::vector<std::string_view> later_;
  bool lenient_ = false;
};

// Visits a struct that is written in one of several shapes; the first that fits reads it.
class FormReader {
 public:
  FormReader(Reading& reading, const Cursor& at) : reading_(reading), at_(at) {}

  template <class K>
  void word(std::string_view name, K& kind, K value, std::string_view) {
    words_.push_back(name);
    if (done_ || !is_scalar() || at_.node.text != name) return;
    kind = value;
    done_ = true;
  }
  template <class T, class K>
  void keyed(std::string_view name, T& member, K& kind, K value, const About& about) {
    keys_.push_back(name);
    if (done_ || !is_key(name)) return;
    done_ = true;
    if (read_value(reading_, at_.at(at_.node.entries.front()), member, about)) kind = value;
  }
  template <class T, class K>
  void text(T& member, K& kind, K value, const About& about) {
    texts_.push_back(about.example);
    if (done_ || !is_scalar()) return;
    // A word that is nearly right is not read as a time.
    if (const auto meant = nearest(at_.node.text, words_)) return;
    done_ = true;
    if (read_value(reading_, at_, member, about)) kind = value;
  }
  template <class T, class K>
  void map(T& member, K& kind, K value, const About& about) {
    texts_.push_back(about.example);
    if (done_ || at_.node.kind != Node::Kind::map) return;
    done_ = true;
    if (read_value(reading_, at_, member, about)) kind = value;
  }
  void later_word(std::string_view name) {
    if (done_ || !is_scalar() || at_.node.text != name) return;
    done_ = true;
    reading_.error(at_, "this version has no \"" + std::string(name) + "\" here yet; " + choices());
  }
  void later_key(std::string_view name) {
    if (done_ || !is_key(name)) return;
    done_ = true;
    reading_.refuse_later(at_.at(at_.node.entries.front()));
  }

  void finish() {
    if (done_ || at_.node.kind == Node::Kind::bad) return;
    if (at_.node.kind == Node::Kind::scalar) {
      const auto meant = nearest(at_.node.text, words_);
      reading_.error(at_, describe_kind(at_.node) + " is not known; " +
                              (meant ? "did you mean \"" + std::string(*meant) + "\"?" : choices()));
    } else if (at_.node.kind == Node::Kind::map && at_.node.entries.size() == 1) {
      const Cursor inner = at_.at(at_.node.entries.front());
      reading_.error_at_key(inner, "unknown key" + suggestion(at_.node.entries.front().key, keys_));
    } else {
      reading_.error(at_, choices());
    }
  }

 private:
  bool is_scalar() const { return at_.node.kind == Node::Kind::scalar; }
  bool is_key(std::string_view name) const {
    return at_.node.kind == Node::Kind::map && at_.node.entries.size() == 1 && at_.node.entries.front().key == name;
  }
  std::string choices() const {
    std::string list = "write one of: ";
    const auto add = [&](const std::string& text) { list += (list.ends_with(": ") ? "" : ", ") + text; };
    for (std::string_view word : words_) add(std::string(word));
    for (std::string_view key : keys_) add("{" + std::string(key) + ": ...}");
    for (std::string_view text : texts_) add(std::string(text));
    return list;
  }

  Reading& reading_;
  const Cursor& at_;
  std::vector<std::string_view> words_;
  std::vector<std::string_view> keys_;
  std::vector<std::string_view> texts_;
  bool done_ = false;
};

// Visits a struct that is written as its one member.
class WholeReader {
 public:
  WholeReader(Reading& reading, const Cursor& at) : reading_(reading), at_(at) {}
  template <class T>
  void itself(T& member, const About& about) {
    read_value(reading_, at_, member, about);
  }
  // Known by its name from here on, even where it is wrong: that is reported once.
  void itself_file_or_inline(const std::string& name, std::string& file, ContractSpec& contract, const About&) {
    read_contract(reading_, at_, file, contract, false);
    reading_.contracts[name] = {file, contract};
  }

 private:
  Reading& reading_;
  const Cursor& at_;
};

namespace detail {

template <class E>
bool read_enum(Reading& reading, const Cursor& at, E& target) {
  constexpr auto known = names_of(E{});
  std::vector<std::string_view> names;
  std::vector<std::string_view> later;
  for (const auto& one : known) (one.later ? later : names).push_back(one.name);
  const auto index = reading.one_of(at, names, later);
  if (!index) return false;
  for (const auto& one : known)
    if (one.name == names[*index]) target = one.value;
  return true;
}

template <class T>
bool read_list(Reading& reading, const Cursor& at, std::vector<T>& target, const About& about) {
  if (!reading.expect_list(at)) return false;
  target.clear();
  for (std::size_t i = 0; i < at.node.items.size(); ++i) {
    T value{};
    if (read_value(reading, at.at(i), value, about)) target.push_back(std::move(value));
  }
  return true;
}

template <class T>
bool read_named(Reading& reading, const Cursor& at, std::vector<T>& target) {
  if (!reading.expect_map(at)) return false;
  target.clear();
  for (const Entry& entry : at.node.entries) {
    T& value = target.emplace_back();
    value.name = entry.key;
    read_value(reading, at.at(entry), value, {});
  }
  return true;
}

inline bool read_named_sql(Reading& reading, const Cursor& at, NamedSql& target, const About& about) {
  if (!reading.expect_map(at)) return false;
  for (const Entry& entry : at.node.entries) {
    std::string sql;
    reading.note(at.at(entry));
    if (reading.read(at.at(entry), sql, about)) target.emplace_back(entry.key, std::move(sql));
  }
  return true;
}

template <class K, class T>
bool read_map(Reading& reading, const Cursor& at, std::map<K, T>& target, const About& about) {
  if (!reading.expect_map(at)) return false;
  for (const Entry& entry : at.node.entries) {
    K key{};
    if constexpr (std::is_same_v<K, std::string>) {
      key = entry.key;
    } else {
      Node written;
      written.kind = Node::Kind::scalar;
      written.place = entry.key_place;
      written.text = entry.key;
      const About number{.doc = {}, .min = 0};
      if (!reading.read(Cursor{written, join_path(at.path, entry.key), entry.key_place}, key, number)) continue;
    }
    read_value(reading, at.at(entry), target[key], about);
  }
  return true;
}

}  // namespace detail

template <class T>
bool read_value(Reading& reading, const Cursor& at, T& target, const About& about) {
  if constexpr (shape::is_optional<T>) {
    typename T::value_type value{};
    if (!read_value(reading, at, value, about)) return false;
    target = std::move(value);
    return true;
  } else {
    reading.note(at);
    if constexpr (std::is_enum_v<T>) {
      return detail::read_enum(reading, at, target);
    } else if constexpr (shape::Scalar<T>) {
      return reading.read(at, target, about);
    } else if constexpr (std::is_same_v<T, NamedSql>) {
      return detail::read_named_sql(reading, at, target, about);
    } else if constexpr (shape::is_vector<T>) {
      if constexpr (shape::Keyed<typename T::value_type>) {
        return detail::read_named(reading, at, target);
      } else {
        return detail::read_list(reading, at, target, about);
      }
    } else if constexpr (shape::is_map<T>) {
      return detail::read_map(reading, at, target, about);
    } else if constexpr (std::is_same_v<T, SelectSpec>) {
      return read_select(reading, at, target);
    } else if constexpr (shape::Forms<T>) {
      FormReader visitor(reading, at);
      describe(visitor, target);
      visitor.finish();
      return true;
    } else if constexpr (shape::Whole<T>) {
      WholeReader visitor(reading, at);
      describe(visitor, target);
      return true;
    } else {
      if (!reading.expect_map(at)) return false;
      MapReader visitor(reading, at);
      describe(visitor, target);
      visitor.finish();
      return true;
    }
  }
}

}  // namespace weir
