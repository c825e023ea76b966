// Random chains over random rows, many of which fail: the chain must agree with a model that takes each row alone through
// each clause by a statement of its own, wherever the rows stand in the batch.
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "sql/expression.h"
#include "sql/rows.h"
#include "steps/stateless_chain.h"

using namespace weir;
using namespace weir::test;

namespace {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return random_() % n; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

  std::string number(int depth) {
    if (depth == 0 || below(4) == 0) return below(5) == 0 ? std::to_string(below(5)) : pick(numbers_);
    const auto n = [&] { return number(depth - 1); };
    switch (below(14)) {
      case 0: return "(" + n() + " + " + n() + ")";
      case 1: return "(" + n() + " * " + n() + ")";
      case 2: return "CAST(" + pick(strings_) + " AS INTEGER)";
      case 3: return "CAST(" + n() + " AS TINYINT)";
      case 4: return "(CAST(" + n() + " AS TINYINT) + CAST(100 AS TINYINT))";
      case 5: return "CAST(ln(" + n() + ") AS INTEGER)";
      case 6: return "CASE WHEN " + condition(depth - 1) + " THEN " + n() + " ELSE " + n() + " END";
      case 7: return "coalesce(" + n() + ", " + n() + ")";
      case 8: return "(" + n() + " // " + n() + ")";
      case 9: return "CAST(CAST(" + n() + " AS DECIMAL(4,2)) AS INTEGER)";
      case 10: return "CAST(f AS INTEGER)";
      case 11: return "list_sum(list_transform([" + n() + ", 2], lambda e: CAST(e AS INTEGER)))";
      case 12: return "TRY(" + n() + ")";
      default: return "length(" + pick(strings_) + ")";
    }
  }

  std::string condition(int depth) {
    if (depth == 0) return pick(std::vector<std::string>{"flag", "a > 2", "s = 'x'", "s IS NULL"});
    const auto c = [&] { return condition(depth - 1); };
    const auto n = [&] { return number(depth - 1); };
    switch (below(9)) {
      case 0: return "(" + c() + " AND " + c() + ")";
      case 1: return "(" + c() + " OR " + c() + ")";
      case 2: return "NOT " + c();
      case 3: return n() + " > " + n();
      case 4: return n() + " = " + n();
      case 5: return "(" + n() + ") IS NOT NULL";
      case 6: return n() + " IN (0, 1, " + n() + ")";
      case 7: return n() + " BETWEEN 0 AND " + n();
      default: return "CASE WHEN " + c() + " THEN " + c() + " END";
    }
  }

  std::vector<StepSpec> chain() {
    std::vector<StepSpec> out;
    const std::size_t entries = 1 + below(5);
    numbers_ = {"a", "b"};
    for (std::size_t i = 0; i < entries; ++i) {
      const std::string name = "step" + std::to_string(i);
      switch (below(3)) {
        case 0: out.push_back({name, "", FilterSpec{condition(2)}}); break;
        case 1: {
          ExpectSpec expect;
          for (std::size_t r = 0; r < 1 + below(3); ++r)
            expect.rules.push_back({name + "r" + std::to_string(r), condition(2),
                                    below(2) == 0 ? OnFail::warn : OnFail::dead_letter, "o"});
          out.push_back({name, "", expect});
          break;
        }
        default: {
          SelectSpec select{true, {}};
          for (const char* column : {"a", "n", "m"})
            if (below(2) == 0) select.columns.emplace_back(column, number(2));
          if (select.columns.empty()) select.columns.emplace_back("n", number(2));
          if (below(3) == 0) {  // columns that are not named are gone: what only they needed is not computed
            select.all = false;
            for (const char* column : {"a", "b", "s", "t", "f", "flag"})
              if (std::none_of(select.columns.begin(), select.columns.end(),
                               [&](const auto& c) { return c.first == column; }))
                select.columns.emplace_back(column, column);
            numbers_ = {"a", "b"};
          }
          for (const auto& column : select.columns)
            if (column.first.size() == 1 && std::string("nm").find(column.first) != std::string::npos &&
                std::find(numbers_.begin(), numbers_.end(), column.first) == numbers_.end())
              numbers_.push_back(column.first);
          out.push_back({name, "", select});
        }
      }
    }
    return out;
  }

 private:
  std::mt19937_64 random_;
  std::vector<std::string> numbers_{"a", "b"};
  std::vector<std::string> strings_{"s", "t"};
};

// Runs one row at a time through statements of one expression each.
class Model {
 public:
  Model(Session& session, const std::vector<StepSpec>& entries, const Schema& input)
      : session_(session), entries_(entries) {
    needed(input);
  }

  struct Fate {
    std::string line;  // "passes: values" or "step code field rule"
    std::map<std::string, bool> warns;
    bool operator==(const Fate&) const = default;
  };

  Fate fate(const Batch& one) {
    Fate out;
    Batch row = one;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const StepSpec& entry = entries_[i];
      if (const auto* filter = std::get_if<FilterSpec>(&entry.body)) {
        const auto holds = test(filter->condition, row);
        if (!holds) return out.line = entry.name + " EXPRESSION_ERROR  ", out;
        if (!*holds) return out.line = entry.name + " FILTERED", out;
      } else if (const auto* expect = std::get_if<ExpectSpec>(&entry.body)) {
        for (const ExpectationSpec& rule : expect->rules) {
          const auto holds = test(rule.check, row);
          if (rule.on_fail == OnFail::warn) {
            out.warns[rule.name] = holds.value_or(false);
            continue;
          }
          if (!holds) return out.line = entry.name + " EXPRESSION_ERROR  " + rule.name, out;
          if (!*holds) return out.line = entry.name + " EXPECTATION_FAILED  " + rule.name, out;
        }
      } else {
        const auto& select = std::get<SelectSpec>(entry.body);
        std::string list = select.all ? "* REPLACE (" : "";
        std::string replaced, added;
        // The first failure in the order of the columns that come out is the one that counts.
        std::vector<std::pair<std::string, std::string>> columns;
        if (select.all)
          for (const Column& column : row.schema().columns())
            for (const auto& named : select.columns)
              if (named.first == column.name) columns.push_back(named);
        for (const auto& named : select.columns)
          if (!select.all || !row.schema().find(named.first)) columns.push_back(named);
        for (const auto& [name, text] : columns) {
          // What no later entry needs is not computed.
          const std::string sql = needs_[i].contains(name) ? ordered(text, row, Wanted::value) : "NULL::INTEGER";
          if (!run("SELECT " + sql + " AS v FROM input", row))
            return out.line = entry.name + " EXPRESSION_ERROR " + name + " ", out;
          if (select.all && row.schema().find(name))
            replaced += (replaced.empty() ? "" : ", ") + sql + " AS " + name;
          else
            added += ", " + sql + " AS " + name;
        }
        list =
            select.all ? (replaced.empty() ? "*" : "* REPLACE (" + replaced + ")") + added : added.substr(2) + ", _src";
        const auto next = run("SELECT " + list + " FROM input", row);
        REQUIRE(next);
        row = *next;
      }
    }
    std::string list;
    const Schema visible = row.schema().visible();
    for (const Column& column : visible.columns()) list += (list.empty() ? "" : ", ") + quote_identifier(column.name);
    out.line = "passes: " + lines(session_, *run("SELECT " + list + ", _src FROM input", row))[0];
    return out;
  }

 private:
  // Names that the entries behind each select need of its columns, by the same check of expressions as in a chain.
  void needed(const Schema& input) {
    std::vector<Schema> before{input.visible()};
    for (const StepSpec& entry : entries_) {
      Schema after = before.back();
      if (const auto* select = std::get_if<SelectSpec>(&entry.body)) {
        if (!select->all) after = Schema();
        std::vector<Column> columns = after.columns();
        for (const auto& [name, text] : select->columns) {
          const Type type = check_expression(session_, text, before.back(), Wanted::value)->type;
          const auto at = Schema(columns).find(name);
          if (at)
            columns[*at] = {name, type, true};
          else
            columns.push_back({name, type, true});
        }
        after = Schema(columns);
      }
      before.push_back(after);
    }
    std::set<std::string> wanted;
    for (const Column& column : before.back().columns()) wanted.insert(column.name);
    needs_.resize(entries_.size());
    for (std::size_t i = entries_.size(); i-- > 0;) {
      const auto add = [&](std::set<std::string>& to, const std::string& text) {
        const auto expression = check_expression(session_, text, before[i], Wanted::value);
        to.insert(expression->columns.begin(), expression->columns.end());
      };
      if (const auto* filter = std::get_if<FilterSpec>(&entries_[i].body))
        add(wanted, filter->condition);
      else if (const auto* expect = std::get_if<ExpectSpec>(&entries_[i].body))
        for (const ExpectationSpec& rule : expect->rules) add(wanted, rule.check);
      else {
        const auto& select = std::get<SelectSpec>(entries_[i].body);
        needs_[i] = wanted;
        std::set<std::string> earlier;
        for (const std::string& name : wanted)
          if (std::none_of(select.columns.begin(), select.columns.end(),
                           [&](const auto& c) { return c.first == name; }))
            earlier.insert(name);
        for (const auto& [name, text] : select.columns)
          if (wanted.contains(name)) add(earlier, text);
        wanted = earlier;
      }
    }
  }

  // The expression with its order of evaluation fixed: that this keeps its meaning is the test of sql/.
  std::string ordered(const std::string& expression, const Batch& row, Wanted wanted) {
    const std::string key = expression + to_string(row.schema());
    auto at = ordered_.find(key);
    if (at == ordered_.end())
      at = ordered_.emplace(key, check_expression(session_, expression, row.schema().visible(), wanted)->sql()).first;
    return at->second;
  }

  std::optional<bool> test(const std::string& condition, const Batch& row) {
    const auto out = run(
        "SELECT CASE WHEN " + ordered(condition, row, Wanted::condition) + " THEN TRUE ELSE FALSE END AS v FROM input",
        row);
    if (!out) return std::nullopt;
    return *static_cast<bool*>(duckdb_vector_get_data(out->chunks()[0]->column(0)));
  }

  std::optional<Batch> run(const std::string& sql, const Batch& row) {
    const std::string key = sql + to_string(row.schema());
    auto at = queries_.find(key);
    if (at == queries_.end()) {
      auto query = session_.prepare(sql, {{"input", row.schema()}});
      if (!query) return std::nullopt;  // a constant that cannot be computed
      at = queries_.emplace(key, std::move(*query)).first;
    }
    auto out = at->second.run(row);
    if (!out) return std::nullopt;
    return *out;
  }

  Session& session_;
  const std::vector<StepSpec>& entries_;
  std::vector<std::set<std::string>> needs_;
  std::map<std::string, Query> queries_;
  std::map<std::string, std::string> ordered_;
};

std::string text(const std::vector<StepSpec>& chain) {
  std::string out;
  for (const StepSpec& entry : chain) {
    out += entry.name + ": ";
    if (const auto* filter = std::get_if<FilterSpec>(&entry.body))
      out += "filter " + filter->condition;
    else if (const auto* expect = std::get_if<ExpectSpec>(&entry.body))
      for (const auto& rule : expect->rules)
        out += (rule.on_fail == OnFail::warn ? "warn " : "expect ") + rule.check + "; ";
    else {
      const auto& select = std::get<SelectSpec>(entry.body);
      out += select.all ? "select *" : "select ";
      for (const auto& [name, sql] : select.columns) out += ", " + name + ": " + sql;
    }
    out += "\n";
  }
  return out;
}

std::string first_difference(const std::vector<std::string>& got, const std::vector<std::string>& want) {
  for (std::size_t i = 0; i < std::max(got.size(), want.size()); ++i) {
    const std::string g = i < got.size() ? got[i] : "nothing", w = i < want.size() ? want[i] : "nothing";
    if (g != w) return "got " + g + ", want " + w;
  }
  return "";
}

std::string describe(const Rejected& r) {
  return r.step + " " + std::string(to_string(r.code)) + " " + r.field + " " + r.rule;
}

}  // namespace

TEST_CASE("random chains agree with a model that takes each row alone") {
  auto compute = open_session(SessionKind::compute);
  auto careful = open_session(SessionKind::careful);
  // 60 kinds of rows; the batch repeats them so that each stands at many places, chunk borders included.
  const Batch kinds = batch_of(
      *compute,
      "SELECT CASE range % 7 WHEN 6 THEN NULL WHEN 5 THEN 2000000000 ELSE range % 7 END::INTEGER AS a, (range % 5 - "
      "1)::INTEGER AS b, "
      "CASE range % 6 WHEN 0 THEN 'x' WHEN 1 THEN NULL WHEN 2 THEN '300' WHEN 3 THEN '' ELSE range::VARCHAR END AS s, "
      "CASE WHEN range % 4 = 0 THEN 'y' ELSE '7' END AS t, CASE range % 8 WHEN 0 THEN 'nan' WHEN 1 THEN 'inf' ELSE "
      "'1.5' END::DOUBLE AS f, "
      "range % 3 = 0 AS flag, range::UBIGINT AS _src FROM range(60)");
  const std::uint64_t seed =
      std::getenv("WEIR_SEED") != nullptr ? std::strtoull(std::getenv("WEIR_SEED"), nullptr, 10) : 20260101;
  const int chains = std::getenv("WEIR_CHAINS") != nullptr ? std::atoi(std::getenv("WEIR_CHAINS")) : 60;
  int with_errors = 0, refused = 0;
  for (int round = 0; round < chains; ++round) {
    Generator generator(seed + static_cast<std::uint64_t>(round));
    const std::vector<StepSpec> spec = generator.chain();
    INFO("WEIR_SEED=" << seed + static_cast<std::uint64_t>(round) << " WEIR_CHAINS=1\n" << text(spec));
    auto compiled = StatelessChain::compile(spec, kinds.schema(), compute, careful);
    if (!compiled) {
      CHECK(compiled.error().message.find("cannot take logarithm of zero") == 0);  // ln(0): refused beforehand
      ++refused;
      continue;
    }
    Model model(*compute, spec, kinds.schema());
    std::vector<Model::Fate> want;
    for (std::uint64_t i = 0; i < kinds.rows(); ++i)
      want.push_back(model.fate(take_rows(kinds, std::vector<std::uint64_t>{i})));

    // All kinds, over and over, past a chunk's border; then only those that pass, so that nothing throws; then single ones.
    std::vector<std::vector<std::uint64_t>> picks(4);
    for (std::uint64_t i = 0; i < 2100; ++i) picks[0].push_back((i * 7 + i / 60) % 60);
    for (std::uint64_t i = 0; i < 60; ++i)
      if (want[i].line.find("EXPRESSION_ERROR") == std::string::npos) picks[1].push_back(i);
    picks[2] = {generator.below(60)};
    picks[3] = {generator.below(60), generator.below(60), generator.below(60)};
    for (const auto& pick : picks) {
      Batch in(kinds.shared_schema(), {});
      for (std::size_t begin = 0; begin < pick.size();) {  // take_rows wants ascending positions
        std::size_t end = begin + 1;
        while (end < pick.size() && pick[end] > pick[end - 1]) ++end;
        in = concatenate(in, take_rows(kinds, std::span(pick).subspan(begin, end - begin)));
        begin = end;
      }
      const auto out = (*compiled)->process(in);
      if (!out) FAIL(out.error().text());
      std::vector<std::string> passing, rejected;
      std::uint64_t filtered = 0;
      std::map<std::string, std::uint64_t> warned;
      for (const std::uint64_t kind : pick) {
        const Model::Fate& fate = want[kind];
        if (fate.line.starts_with("passes: "))
          passing.push_back(fate.line.substr(8));
        else if (fate.line.ends_with("FILTERED"))
          ++filtered;
        else
          rejected.push_back(std::to_string(kind) + " " + fate.line);
        for (const auto& [rule, held] : fate.warns) warned[rule] += held ? 0 : 1;
      }
      std::vector<std::string> got;
      for (const Rejected& r : out->rejected) got.push_back(std::to_string(r.src) + " " + describe(r));
      CHECK(first_difference(got, rejected) == "");
      CHECK(first_difference(lines(*compute, out->rows), passing) == "");
      std::uint64_t dropped = 0;
      for (const Dropped& d : out->dropped) dropped += d.rows;
      CHECK(dropped == filtered);
      for (const ExpectationCount& count : out->expectations)
        if (warned.contains(count.rule)) CHECK(count.failed == warned[count.rule]);
      with_errors += rejected.empty() ? 0 : 1;
    }
  }
  if (chains > 10) CHECK(with_errors > chains / 4);
  CHECK(refused <= chains / 10);
}
