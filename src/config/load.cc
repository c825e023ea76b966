#include "config/load.h"

#include <algorithm>

#include "config/merge.h"
#include "config/reader.h"
#include "config/rules.h"
#include "config/yaml_parser.h"

namespace weir {
namespace {

constexpr std::size_t problems_max = 1000;

// In the order a person reads: the pipeline's own file first, then by line; problems at one place once.
void put_in_order(Diagnostics& problems, const std::string& first_file) {
  std::sort(problems.begin(), problems.end(), [&](const Diagnostic& a, const Diagnostic& b) {
    const auto key = [&](const Diagnostic& d) {
      return std::tuple(d.file != first_file, std::string_view(d.file), d.line, d.column, std::string_view(d.path),
                        std::string_view(d.message));
    };
    return key(a) < key(b);
  });
  const auto same = [](const Diagnostic& a, const Diagnostic& b) { return to_string(a) == to_string(b); };
  problems.erase(std::unique(problems.begin(), problems.end(), same), problems.end());
  if (problems.size() <= problems_max) return;
  const std::size_t more = problems.size() - problems_max;
  problems.resize(problems_max);
  problems.push_back({Severity::error, first_file, 0, 0, "", "and " + std::to_string(more) + " more problems"});
}

// A tree whose root is a map, or an empty map and a report.
bool is_usable_root(Reading& reading, const Node& root) {
  if (root.kind == Node::Kind::bad) {
    if (!reading.has_errors())
      reading.report(Severity::error, root.place, "", "is empty; `weir schema` shows what can stand here");
    return false;
  }
  return reading.expect_map(Cursor{root, "", root.place}, "a map of keys");
}

template <class T>
void read_root(Reading& reading, const Node& root, T& spec) {
  read_value(reading, Cursor{root, "", root.place}, spec, {});
}

tl::expected<Loaded, Diagnostics> finish_pipeline(Reading& reading, Node root, const std::string& name,
                                                  const std::string& folder) {
  Loaded loaded;
  loaded.spec.file = name;
  const LoadOptions& options = reading.options();
  if (is_usable_root(reading, root)) {
    for (const std::string& overlay : options.overlays) {
      Node over = reading.parse_file(overlay, overlay, nullptr);
      if (over.kind == Node::Kind::bad) continue;
      // Its relative paths start where the pipeline's do.
      const_cast<SourceFile*>(over.place.file)->folder = folder;
      if (reading.expect_map(Cursor{over, "", over.place}, "a map of keys")) lay_over(root, std::move(over));
    }
    for (const std::string& assignment : options.sets) apply_set(reading, root, assignment, folder);
    bring_includes(reading, root);
    read_root(reading, root, loaded.spec);
    link_pipeline(reading, loaded.spec);
    check_pipeline(reading, loaded.spec);
  }
  Diagnostics& problems = reading.problems();
  put_in_order(problems, name);
  if (reading.has_errors()) return tl::unexpected<Diagnostics>(std::move(problems));
  loaded.lints = std::move(problems);
  loaded.places = std::move(reading.places());
  return loaded;
}

tl::expected<LoadedContract, Diagnostics> finish_contract(Reading& reading, const Node& root, const std::string& name) {
  LoadedContract loaded;
  if (is_usable_root(reading, root)) {
    read_root(reading, root, loaded.contract);
    check_contract(reading, loaded.contract, "", true);
  }
  Diagnostics& problems = reading.problems();
  put_in_order(problems, name);
  if (reading.has_errors()) return tl::unexpected<Diagnostics>(std::move(problems));
  loaded.lints = std::move(problems);
  loaded.places = std::move(reading.places());
  return loaded;
}

Node parse_text(Reading& reading, std::string_view text, const std::string& name, const std::string& folder) {
  const SourceFile& file = reading.add_file(name, folder);
  Node root = parse_yaml(file, text, reading.problems());
  if (root.place.file == nullptr) root.place = {&file, 1, 1};
  return root;
}

// Nothing thrown below (memory, a library's surprise) may cross this folder.
template <class Out, class F>
tl::expected<Out, Diagnostics> guarded(const std::string& name, F load) {
  try {
    return load();
  } catch (const std::exception& e) {
    return tl::unexpected<Diagnostics>(
        Diagnostics{{Severity::error, name, 0, 0, "", std::string("cannot be read: ") + e.what()}});
  }
}

// A contract's own file is read apart, so that its keys are not mistaken for the pipeline's.
bool read_contract_file(Reading& reading, const Cursor& at, const std::string& path, const std::string& shown_as,
                        ContractSpec& contract) {
  Reading inner(reading.options());
  const Node root = inner.parse_file(path, shown_as, nullptr);
  if (is_usable_root(inner, root)) {
    read_root(inner, root, contract);
    check_contract(inner, contract, "", true);
  }
  for (Diagnostic& problem : inner.problems()) {
    // The file itself cannot be read: that is said where it is named.
    if (problem.line == 0) {
      reading.error(at, problem.file + " " + problem.message);
    } else {
      reading.problems().push_back(std::move(problem));
    }
  }
  reading.places().add_below(at.path, inner.places());
  return !inner.has_errors();
}

}  // namespace

tl::expected<Loaded, Diagnostics> load_pipeline(const std::string& path, const LoadOptions& options) {
  return guarded<Loaded>(path, [&] {
    Reading reading(options);
    Node root = reading.parse_file(path, path, nullptr);
    return finish_pipeline(reading, std::move(root), escaped(path), folder_of(path));
  });
}

tl::expected<Loaded, Diagnostics> load_pipeline_text(std::string_view text, const std::string& name,
                                                     const std::string& folder, const LoadOptions& options) {
  return guarded<Loaded>(name, [&] {
    Reading reading(options);
    Node root = parse_text(reading, text, name, folder);
    return finish_pipeline(reading, std::move(root), name, folder);
  });
}

tl::expected<LoadedContract, Diagnostics> load_contract(const std::string& path, const LoadOptions& options) {
  return guarded<LoadedContract>(path, [&] {
    Reading reading(options);
    const Node root = reading.parse_file(path, path, nullptr);
    return finish_contract(reading, root, escaped(path));
  });
}

tl::expected<LoadedContract, Diagnostics> load_contract_text(std::string_view text, const std::string& name,
                                                             const LoadOptions& options) {
  return guarded<LoadedContract>(name, [&] {
    Reading reading(options);
    const Node root = parse_text(reading, text, name, ".");
    return finish_contract(reading, root, name);
  });
}

bool is_contract_file(const std::string& path) {
  const LoadOptions options;
  Reading reading(options);
  try {
    const Node root = reading.parse_file(path, path, nullptr);
    return root.find("fields") != nullptr && root.find("sources") == nullptr;
  } catch (const std::exception&) {
    return false;  // the load that follows says what is wrong
  }
}

bool read_contract(Reading& reading, const Cursor& at, std::string& file, ContractSpec& contract, bool names_allowed) {
  if (at.node.kind == Node::Kind::map) {
    read_value(reading, at, contract, {});
    check_contract(reading, contract, at.path, false);
    return true;
  }
  const auto written = reading.text(at);
  if (!written) return false;
  if (const auto shared = reading.contracts.find(*written); names_allowed && shared != reading.contracts.end()) {
    std::tie(file, contract) = shared->second;
    reading.used_contracts.push_back(*written);
    return true;
  }
  std::string path;
  if (!reading.read(at, path, {.doc = {}, .text = Text::path})) return false;
  file = path;
  return read_contract_file(reading, at, path, shown_beside(*at.node.place.file, *written), contract);
}

bool read_select(Reading& reading, const Cursor& at, SelectSpec& select) {
  if (!reading.expect_map(at, "a map of columns, {name: \"SQL\"}")) return false;
  for (const Entry& entry : at.node.entries) {
    const Cursor column = at.at(entry);
    reading.note(column);
    if (entry.key == "*") {
      if (reading.read(column, select.all, {}) && !select.all)
        reading.error(column, "\"*\" is true or not there; remove it to keep only the columns named here");
      continue;
    }
    std::string sql;
    if (reading.read(column, sql, {.doc = {}, .text = Text::sql}))
      select.columns.emplace_back(entry.key, std::move(sql));
  }
  return true;
}

}  // namespace weir
