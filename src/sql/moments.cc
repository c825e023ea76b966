#include "sql/moments.h"

#include <array>
#include <cstdint>

#include "data/batch.h"
#include "sql/own_aggregate.h"

namespace weir {
namespace {

struct Moments {
  std::int64_t n = 0;
  double sum = 0;
  double m2 = 0;

  void add_value(double x) {
    ++n;
    sum += x;
    const auto count = static_cast<double>(n);
    const double apart = count * x - sum;
    m2 += n == 1 ? x - x : apart * apart / (count * (count - 1));
  }

  bool merge(const Moments& other) {
    if (other.n == 0) return true;
    if (n == 0) {
      *this = other;
      return true;
    }
    const auto mine = static_cast<double>(n), theirs = static_cast<double>(other.n);
    const double apart = theirs * sum - mine * other.sum;
    m2 += other.m2 + apart * apart / (mine * theirs * (mine + theirs));
    sum += other.sum;
    n += other.n;
    return true;
  }

  void give(duckdb_vector out, idx_t row) const {
    const auto member = [&](idx_t i) { return duckdb_vector_get_data(duckdb_struct_vector_get_child(out, i)); };
    static_cast<std::int64_t*>(member(0))[row] = n;
    static_cast<double*>(member(1))[row] = sum;
    static_cast<double*>(member(2))[row] = m2;
  }
  static const char* error() { return ""; }
};

struct OfValues : Moments {
  struct Columns {
    explicit Columns(duckdb_data_chunk chunk) {
      const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, 0);
      values = static_cast<const double*>(duckdb_vector_get_data(vector));
      validity = duckdb_vector_get_validity(vector);
    }
    bool has(idx_t row) const { return is_valid(validity, row); }
    const double* values;
    const std::uint64_t* validity;
  };
  bool add(const Columns& columns, idx_t row) {
    add_value(columns.values[row]);
    return true;
  }
};

struct OfMoments : Moments {
  struct Columns {
    explicit Columns(duckdb_data_chunk chunk) {
      const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, 0);
      validity = duckdb_vector_get_validity(vector);
      const auto member = [&](idx_t i) { return duckdb_vector_get_data(duckdb_struct_vector_get_child(vector, i)); };
      n = static_cast<const std::int64_t*>(member(0));
      sum = static_cast<const double*>(member(1));
      m2 = static_cast<const double*>(member(2));
    }
    bool has(idx_t row) const { return is_valid(validity, row); }
    const std::uint64_t* validity;
    const std::int64_t* n;
    const double* sum;
    const double* m2;
  };
  bool add(const Columns& columns, idx_t row) { return merge({columns.n[row], columns.sum[row], columns.m2[row]}); }
};

}  // namespace

Status install_moments(duckdb_connection connection) {
  const OwnType integer(DUCKDB_TYPE_BIGINT), number(DUCKDB_TYPE_DOUBLE);
  std::array<duckdb_logical_type, 3> types{integer.get(), number.get(), number.get()};
  std::array<const char*, 3> names{"n", "sum", "m2"};
  const OwnType moments(duckdb_create_struct_type(types.data(), names.data(), names.size()));
  TRY(OwnAggregate<OfValues>::install(connection, "weir_moments", number, moments));
  return OwnAggregate<OfMoments>::install(connection, "weir_moments_merge", moments, moments);
}

}  // namespace weir
