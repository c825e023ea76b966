#include "sql/value_counts.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "data/batch.h"
#include "sql/own_aggregate.h"

namespace weir {
namespace {

// ---- Buckets

constexpr int bits_below = 46;  // of a double's 52 behind the point

std::int32_t bucket_of(double value) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  if (value == 0) value = 0;  // -0.0
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto size = static_cast<std::int32_t>((bits & ~(std::uint64_t{1} << 63)) >> bits_below);
  return bits >> 63 == 0 ? size : -1 - size;
}

// The middle of a bucket; infinities and NaN are themselves.
double middle_of(std::int32_t bucket) {
  const auto size = static_cast<std::uint64_t>(bucket < 0 ? -1 - bucket : bucket) << bits_below;
  const double low = std::bit_cast<double>(size);
  double middle = low;
  if (std::isfinite(low) && low != 0) middle = std::bit_cast<double>(size + (std::uint64_t{1} << (bits_below - 1)));
  return bucket < 0 ? -middle : middle;
}

// ---- Keys of a map and their vectors

std::string_view text_at(duckdb_vector vector, idx_t row) {
  auto* const text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector)) + row;
  return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

struct Texts {
  using Key = std::string;
  static constexpr std::size_t most = value_counts_max;
  static std::string_view value_at(duckdb_vector vector, idx_t row) { return text_at(vector, row); }
  static std::string_view key_at(duckdb_vector vector, idx_t row) { return text_at(vector, row); }
  static void write(duckdb_vector vector, idx_t row, const Key& key) {
    duckdb_vector_assign_string_element_len(vector, row, key.data(), key.size());
  }
};

struct Buckets {
  using Key = std::int32_t;
  static constexpr std::size_t most = SIZE_MAX;  // there are 262,144 buckets in all
  static Key value_at(duckdb_vector vector, idx_t row) {
    return bucket_of(static_cast<const double*>(duckdb_vector_get_data(vector))[row]);
  }
  static Key key_at(duckdb_vector vector, idx_t row) {
    return static_cast<const Key*>(duckdb_vector_get_data(vector))[row];
  }
  static void write(duckdb_vector vector, idx_t row, Key key) {
    static_cast<Key*>(duckdb_vector_get_data(vector))[row] = key;
  }
};

// ---- Counts

template <class Of>
struct Counts {
  std::map<typename Of::Key, std::uint64_t, std::less<>> counts;

  template <class Key>
  bool count(const Key& key, std::uint64_t times) {
    const auto found = counts.lower_bound(key);
    if (found != counts.end() && found->first == key) {
      found->second += times;
      return true;
    }
    if (counts.size() == Of::most) return false;
    counts.emplace_hint(found, typename Of::Key(key), times);
    return true;
  }

  bool merge(const Counts& other) {
    for (const auto& [key, times] : other.counts)
      if (!count(key, times)) return false;
    return true;
  }

  void give(duckdb_vector out, idx_t row) const {
    const idx_t first = duckdb_list_vector_get_size(out);
    duckdb_list_vector_reserve(out, first + counts.size());
    duckdb_list_vector_set_size(out, first + counts.size());
    static_cast<duckdb_list_entry*>(duckdb_vector_get_data(out))[row] = {first, counts.size()};
    const duckdb_vector pairs = duckdb_list_vector_get_child(out);
    const duckdb_vector keys = duckdb_struct_vector_get_child(pairs, 0);
    auto* const times = static_cast<std::uint64_t*>(duckdb_vector_get_data(duckdb_struct_vector_get_child(pairs, 1)));
    idx_t at = first;
    for (const auto& [key, value] : counts) {
      Of::write(keys, at, key);
      times[at++] = value;
    }
  }

  static const char* error() {
    return "a group has more than 10,000 different values, the most that histogram(), mode() and top_k() keep; "
           "group by more columns, use shorter windows, or round the values";
  }
};

template <class Of>
struct OfValues : Counts<Of> {
  using Columns = OneColumn;
  bool add(const OneColumn& column, idx_t row) { return this->count(Of::value_at(column.vector, row), 1); }
};

// The pairs of a row of maps.
struct Pairs {
  Pairs(duckdb_vector maps, idx_t row) {
    const auto entry = static_cast<const duckdb_list_entry*>(duckdb_vector_get_data(maps))[row];
    const duckdb_vector pairs = duckdb_list_vector_get_child(maps);
    keys = duckdb_struct_vector_get_child(pairs, 0);
    times = static_cast<const std::uint64_t*>(duckdb_vector_get_data(duckdb_struct_vector_get_child(pairs, 1)));
    first = entry.offset;
    end = entry.offset + entry.length;
  }
  duckdb_vector keys;
  const std::uint64_t* times;
  idx_t first, end;
};

template <class Of>
struct OfMaps : Counts<Of> {
  using Columns = OneColumn;
  bool add(const OneColumn& column, idx_t row) {
    const Pairs pairs(column.vector, row);
    for (idx_t i = pairs.first; i < pairs.end; ++i)
      if (!this->count(Of::key_at(pairs.keys, i), pairs.times[i])) return false;
    return true;
  }
};

// ---- Quantile

// The least value of which so large a part of all is not above it.
double quantile(const Pairs& pairs, double least, double most, double q) {
  std::uint64_t all = 0;
  for (idx_t i = pairs.first; i < pairs.end; ++i) all += pairs.times[i];
  const double place = std::ceil(q * static_cast<double>(all));
  const std::uint64_t rank = place <= 1 ? 1 : std::min(static_cast<std::uint64_t>(place), all);
  if (rank == 1) return least;
  if (rank == all) return most;
  std::uint64_t passed = 0;
  double value = most;
  for (idx_t i = pairs.first; i < pairs.end; ++i) {
    passed += pairs.times[i];
    if (passed < rank) continue;
    value = middle_of(Buckets::key_at(pairs.keys, i));
    break;
  }
  if (value < least) return least;
  return value > most ? most : value;
}

void quantiles(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  const auto number = [&](idx_t column) {
    return static_cast<const double*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, column)));
  };
  const duckdb_vector maps = duckdb_data_chunk_get_vector(input, 0);
  const std::uint64_t* const validity = duckdb_vector_get_validity(maps);
  const double *const least = number(1), *const most = number(2), *const q = number(3);
  auto* const out = static_cast<double*>(duckdb_vector_get_data(output));
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    if (is_valid(validity, i)) {
      out[i] = quantile(Pairs(maps, i), least[i], most[i], q[i]);
      continue;
    }
    duckdb_vector_ensure_validity_writable(output);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), i);
  }
}

// ---- Bound of lists

void few(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const auto* const sizes =
      static_cast<const std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0)));
  const std::uint64_t* const validity = duckdb_vector_get_validity(duckdb_data_chunk_get_vector(input, 0));
  auto* const out = static_cast<bool*>(duckdb_vector_get_data(output));
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    out[i] = true;
    if (is_valid(validity, i) && sizes[i] > list_values_max)
      return duckdb_scalar_function_set_error(
          info,
          "a group has more than 10,000 values, the most that list(), string_agg(), median(), quantile_cont() and "
          "quantile_disc() keep, or different ones, the most that DISTINCT does; use shorter windows, more columns in "
          "by, "
          "approx_quantile(x, 0.5) for a median, count(DISTINCT x) for a number");
  }
}

Status install_scalar(duckdb_connection connection, const char* name, std::initializer_list<const OwnType*> takes,
                      const OwnType& gives, duckdb_scalar_function_t body) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, name);
  for (const OwnType* type : takes) duckdb_scalar_function_add_parameter(function, type->get());
  duckdb_scalar_function_set_return_type(function, gives.get());
  duckdb_scalar_function_set_function(function, body);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  if (state == DuckDBError) return fail(Fault::internal, std::string("DuckDB refused the function ") + name);
  return {};
}

}  // namespace

Status install_value_counts(duckdb_connection connection) {
  const OwnType text(DUCKDB_TYPE_VARCHAR), number(DUCKDB_TYPE_DOUBLE), integer(DUCKDB_TYPE_BIGINT),
      boolean(DUCKDB_TYPE_BOOLEAN);
  const OwnType counts = OwnType::map(text, OwnType(DUCKDB_TYPE_UBIGINT));
  const OwnType buckets = OwnType::map(OwnType(DUCKDB_TYPE_INTEGER), OwnType(DUCKDB_TYPE_UBIGINT));
  TRY(OwnAggregate<OfValues<Texts>>::install(connection, "weir_counts", text, counts));
  TRY(OwnAggregate<OfMaps<Texts>>::install(connection, "weir_counts_merge", counts, counts));
  TRY(OwnAggregate<OfValues<Buckets>>::install(connection, "weir_buckets", number, buckets));
  TRY(OwnAggregate<OfMaps<Buckets>>::install(connection, "weir_buckets_merge", buckets, buckets));
  TRY(install_scalar(connection, "weir_quantile", {&buckets, &number, &number, &number}, number, quantiles));
  return install_scalar(connection, "weir_few", {&integer}, boolean, few);
}

}  // namespace weir
