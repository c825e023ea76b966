// The reference pages: a section for each map that a file may hold, a row for each of its keys.
#include <map>
#include <utility>
#include <vector>

#include "config/outline.h"
#include "config/reference.h"

namespace weir {
namespace {

using Kind = Outline::Kind;

std::string number(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string limits(const Outline& outline, const std::string& unit) {
  std::string text;
  if (outline.min) text += " from " + number(*outline.min) + unit;
  if (outline.max) text += " to " + number(*outline.max) + unit;
  return text;
}

// What a reader must know to write the value.
std::string type_name(const Outline& outline) {
  switch (outline.kind) {
    case Kind::boolean: return "true or false";
    case Kind::integer: return "whole number" + limits(outline, "");
    case Kind::number: return "number" + limits(outline, "");
    case Kind::secret: return "secret";
    case Kind::duration: return "duration";
    case Kind::size: return "size";
    case Kind::timestamp: return "point in time";
    case Kind::words: return "one word";
    case Kind::list: return "list of " + type_name(outline.inner.front());
    case Kind::named: return "map of name: " + type_name(outline.inner.front());
    case Kind::numbered: return "map of number: " + type_name(outline.inner.front());
    case Kind::columns: return "map of column: SQL";
    case Kind::contract: return "path, or [contract](contract.md)";
    case Kind::forms: return "one of several forms";
    case Kind::object: return "map";
    case Kind::text: break;
  }
  switch (outline.text) {
    case Text::path: return "path";
    case Text::sql: return "SQL";
    case Text::identifier:
    case Text::label: return "name";
    case Text::url: return "web address";
    case Text::any: break;
  }
  return "text";
}

// A table's cell must hold no line end and no bar; < outside of code would be taken for a tag.
std::string cell(const std::string& text) {
  std::string out;
  bool in_code = false;
  for (char c : text) {
    if (c == '`') in_code = !in_code;
    if (c == '|' || (c == '<' && !in_code)) out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string words_text(const Outline& outline) {
  std::string text;
  for (const OutlineWord& word : outline.words) {
    text += (text.empty() ? " " : "; ") + std::string("`") + word.name + "`";
    if (!word.doc.empty()) text += ": " + word.doc;
  }
  return text;
}

// The list that a value holds is looked into for its words.
const Outline& element_of(const Outline& outline) {
  const bool holds = outline.kind == Kind::list || outline.kind == Kind::named || outline.kind == Kind::numbered;
  return holds ? element_of(outline.inner.front()) : outline;
}

std::string default_cell(const OutlineKey& key) {
  if (key.required) return "required";
  if (key.default_text.empty()) return "";
  return key.default_is_value ? "`" + key.default_text + "`" : key.default_text;
}

class Writer {
 public:
  // Sections yet to be written: a heading and what it holds.
  struct Section {
    std::string title;
    std::string doc;
    const Outline* outline;
  };

  void write(const Outline& root) {
    write_section({"", "", &root});
    // NOLINTNEXTLINE(modernize-loop-convert): write_section adds to the list
    for (std::size_t i = 0; i < later_.size(); ++i) {
      const Section section = later_[i];
      write_section(section);
    }
  }

  std::string out;

 private:
  void write_section(const Section& section) {
    const Outline& outline = *section.outline;
    if (!section.title.empty()) out += "\n## " + section.title + "\n";
    if (!section.doc.empty()) out += "\n" + section.doc + "\n";
    if (outline.kind == Kind::forms) return write_forms(outline, section.title);
    write_once(outline, section.title, section.title, variant_row(outline));
    for (const OutlineVariant& variant : outline.variants) {
      const std::string heading = section.title + ", " + outline.variant_key + ": " + variant.name;
      out += "\n### " + heading + "\n\n" + variant.doc + "\n";
      write_once(variant.value, section.title, heading, "");
    }
    if (!outline.bodies.empty()) write_bodies(outline, section.title);
  }

  // A table that stands on the page already is pointed at.
  void write_once(const Outline& outline, const std::string& title, const std::string& heading,
                  const std::string& first_row) {
    const std::size_t before = out.size();
    const std::size_t queued = later_.size();
    write_table(outline, title, first_row);
    const auto [first, is_new] = written_.emplace(out.substr(before), heading);
    if (is_new || first->first.empty()) return;
    out.resize(before);
    later_.resize(queued);
    out += "\nThe same keys as under \"" + first->second + "\".\n";
  }

  static std::string variant_row(const Outline& outline) {
    if (outline.variants.empty()) return "";
    std::string names;
    for (const OutlineVariant& variant : outline.variants) names += (names.empty() ? " `" : ", `") + variant.name + "`";
    return "| `" + outline.variant_key + "` | one word | required | " + outline.variant_doc + names +
           " (keys below) |\n";
  }

  void write_table(const Outline& outline, const std::string& title, const std::string& first_row) {
    if (outline.keys.empty() && first_row.empty()) return;
    out += "\n| key | value | default | meaning |\n|---|---|---|---|\n" + first_row;
    for (const OutlineKey& key : outline.keys) write_row(key, title);
  }

  void write_row(const OutlineKey& key, const std::string& title) {
    std::string meaning = key.doc + words_text_of(key.value);
    if (!key.example.empty()) meaning += " Example: `" + key.name + ": " + key.example + "`.";
    out += "| `" + key.name + "` | " + cell(type_name(key.value)) + " | " + cell(default_cell(key)) + " | " +
           cell(meaning) + " |\n";
    queue(key, title);
  }

  static std::string words_text_of(const Outline& outline) {
    const Outline& element = element_of(outline);
    return element.kind == Kind::words ? words_text(element) : "";
  }

  // A map with keys of its own gets a section; its title is the path a message would show.
  void queue(const OutlineKey& key, const std::string& title) {
    std::string path = title.empty() ? key.name : title + "." + key.name;
    const Outline* outline = &key.value;
    while (outline->kind == Kind::list || outline->kind == Kind::named) {
      path += ".NAME";
      outline = &outline->inner.front();
    }
    if (outline->kind == Kind::object || outline->kind == Kind::forms) later_.push_back({path, key.doc, outline});
  }

  void write_bodies(const Outline& outline, const std::string& title) {
    out += "\nand exactly one of:\n\n| key | value | meaning |\n|---|---|---|\n";
    for (const OutlineKey& body : outline.bodies) {
      const std::string doc = body.value.doc.empty() ? body.doc : body.doc + " " + body.value.doc;
      out += "| `" + body.name + "` | " + cell(type_name(body.value)) + " | " + cell(doc) + " |\n";
      queue(body, title);
    }
  }

  void write_forms(const Outline& outline, const std::string& title) {
    const std::string name = title.substr(title.rfind('.') + 1);
    out += "\n| written as | meaning |\n|---|---|\n";
    for (const OutlineWord& word : outline.words)
      out += "| `" + name + ": " + word.name + "` | " + cell(word.doc) + " |\n";
    for (const OutlineKey& key : outline.keys) {
      const std::string value = key.example.empty() ? type_name(key.value) : key.example;
      out += "| `" + name + ": {" + key.name + ": ";
      out += value + "}` | " + cell(key.doc) + " |\n";
    }
    for (const Outline& inner : outline.inner) out += "| " + type_name(inner) + " | " + cell(inner.doc) + " |\n";
    for (const Outline& inner : outline.inner)
      if (inner.kind == Kind::object) write_once(inner, title, title, "");
  }

  std::vector<Section> later_;
  std::map<std::string, std::string> written_;  // table -> its heading
};

constexpr std::string_view values_text = R"(
## How values are written

- A duration is a number with its unit: us, ms, s, m, h, d. `250ms`, `10m`, `1h30m`.
- A size is a number with its unit: B, KB, MB, GB, TB (thousands), KiB, MiB, GiB, TiB (1024). `64MB`, `1GiB`.
- A point in time is RFC 3339 with its zone: `2026-01-31T08:00:00Z`.
- A path starts at the folder of the file it stands in; in an overlay or `--set`, at the pipeline file's.
- A name has letters, digits and `_`, begins with no digit, and at most 64 characters. Upper and lower case are the same.
- SQL is an expression of DuckDB over the columns that come in.
- Within a value `${env:NAME}` stands for an environment variable, `${env:NAME:-default}` for one with a default, and
  `${file:/path}` for a file's content; `$${` stands for `${` itself. What comes in is never read as YAML.
- A secret is best kept in a file of its own, `"${file:/run/secrets/kafka}"`, which only its owner may read; it is never shown.
- Anchors, aliases, merge keys, tags, directives and a second document are refused.
)";

constexpr std::string_view pipeline_text = R"(# The pipeline file

One YAML file is one pipeline: where records come from, what is done to them, where they go. `weir check FILE` reports every
problem at once as `file:line:col: path: message`. This page is generated from the code (`weir schema --format
markdown pipeline`); a JSON Schema for editors lies beside it.
)";

constexpr std::string_view contract_text = R"(# The contract file

A contract says which fields a record has, and what happens to a record that does not fit. It is a file of its own,
owned and versioned, or stands in a pipeline under `format.contract`. This page is generated from the code (`weir schema
--format markdown contract`); a JSON Schema for editors lies beside it.
)";

}  // namespace

std::string markdown_reference(Page page) {
  const bool is_pipeline = page == Page::pipeline;
  const Outline root = is_pipeline ? outline_of_pipeline() : outline_of_contract();
  Writer writer;
  writer.out = is_pipeline ? pipeline_text : contract_text;
  writer.write(root);
  writer.out += is_pipeline
                    ? values_text
                    : std::string_view("\nHow values are written is told with [the pipeline file](pipeline.md).\n");
  return std::move(writer.out);
}

}  // namespace weir
