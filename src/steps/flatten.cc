#include "steps/flatten.h"

#include <fmt/format.h>

#include "base/check.h"
#include "steps/made_columns.h"

namespace weir {
namespace {

std::string as(const std::string& sql, const std::string& name) { return sql + " AS " + quote_identifier(name); }

class Planner {
 public:
  Planner(const std::string& name, const FlattenSpec& spec, const Schema& input)
      : place_("steps." + name + ".flatten"), spec_(spec), input_(input) {}

  Status plan() {
    const auto found = input_.visible().find(spec_.column);
    if (!found)
      return wrong(".column",
                   fmt::format("there is no column '{}'; there are: {}", spec_.column, to_string(input_.visible())));
    column = *found;
    const Type& type = input_.columns()[column].type;
    if (type.kind != TypeKind::list) return wrong(".column", what_instead(type));
    if (input_.find(op_column))
      return wrong("", "reads rows that change (mode: update): an array that gets shorter would leave rows behind");
    for (std::size_t i = 0; i < input_.size(); ++i) {
      const Column& from = input_.columns()[i];
      if (i != column) {
        TRY(add(from, quote_identifier(from.name), ""));
        continue;
      }
      TRY(add({spec_.as.empty() ? from.name : spec_.as, type.children.front().type, true}, elements(), ".as"));
      if (!spec_.position.empty())
        TRY(add({spec_.position, Type{TypeKind::int64, 0, 0, {}}, true}, positions(), ".position"));
    }
    return {};
  }

  std::size_t column = 0;
  Schema output;
  std::string list;

 private:
  tl::unexpected<Error> wrong(const std::string& key, std::string message) const {
    return fail(Fault::config, std::move(message), place_ + key);
  }

  std::string what_instead(const Type& type) const {
    std::string out = fmt::format("'{}' is of type {}, and an array is needed", spec_.column, to_string(type));
    if (type.kind == TypeKind::map)
      return out + fmt::format("; make one in a select step before: map_entries({})", spec_.column);
    if (type.kind == TypeKind::json || type.kind == TypeKind::string)
      return out + fmt::format("; make one in a select step before: CAST(CAST({} AS JSON) AS JSON[])", spec_.column);
    return out;
  }

  Status add(Column made, const std::string& sql, const std::string& key) {
    if (const bool own = made.name.starts_with("_weir_"); own || output.find(made.name))
      return wrong(key, own ? "the name is Weir's own; choose another"
                            : "the column " + quote_identifier(made.name) + " is there twice; choose another name");
    list += (list.empty() ? "" : ", ") + as(sql, made.name);
    output.add(std::move(made));
    return {};
  }

  std::string or_one(const std::string& array) const {
    return "unnest(" +
           (spec_.outer ? "CASE WHEN len(" + quote_identifier(input_.columns()[column].name) + ") > 0 THEN " + array +
                              " ELSE [NULL] END"
                        : array) +
           ")";
  }
  std::string elements() const { return or_one(quote_identifier(input_.columns()[column].name)); }
  std::string positions() const {
    return or_one("generate_series(1, len(" + quote_identifier(input_.columns()[column].name) + "))");
  }

  std::string place_;
  const FlattenSpec& spec_;
  const Schema& input_;
};

}  // namespace

Result<std::unique_ptr<Flatten>> Flatten::make(const std::string& name, const FlattenSpec& spec, const Schema& input,
                                               std::shared_ptr<Session> compute) {
  Planner planner(name, spec, input);
  TRY(planner.plan());
  Query query = TRY(compute->prepare("SELECT " + planner.list + " FROM input", {{"input", input}}));
  auto schema = std::make_shared<const Schema>(std::move(planner.output));
  for (std::size_t i = 0; i < schema->size(); ++i)
    CHECK(query.schema().columns().at(i).type == schema->columns()[i].type, "a flatten gives the columns it planned");
  return std::unique_ptr<Flatten>(
      new Flatten(name, spec.outer, planner.column, std::move(schema), std::move(compute), std::move(query)));
}

Result<StepOutput> Flatten::process(const Batch& rows) {
  StepOutput out;
  out.rows = renamed(TRY(query_.run(rows)), schema_);
  std::uint64_t empty = 0, elements = 0;
  for (const auto& chunk : rows.chunks()) {
    const std::uint64_t* const validity = duckdb_vector_get_validity(chunk->column(column_));
    const auto* const entries = column_values<const duckdb_list_entry>(*chunk, column_);
    for (std::size_t i = 0; i < chunk->rows(); ++i) {
      const std::uint64_t length = is_valid(validity, i) ? entries[i].length : 0;
      elements += length;
      if (length == 0) ++empty;
    }
  }
  if (empty > 0 && !outer_) out.dropped.push_back({name_, DropReason::filtered, empty});
  StepBooks books{name_, rows.rows(), out.rows.rows()};
  books.made = elements - (rows.rows() - empty);
  CHECK(out.rows.rows() == elements + (outer_ ? empty : 0), "a flatten gives a row for each element");
  out.books.push_back(std::move(books));
  return out;
}

std::string Flatten::explain() const { return "SQL:    " + query_.sql() + "\n"; }

}  // namespace weir
