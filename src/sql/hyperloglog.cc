#include "sql/hyperloglog.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/hash.h"
#include "data/batch.h"
#include "sql/own_aggregate.h"

namespace weir {
namespace {

constexpr int index_bits = 12;
constexpr int value_bits = 64 - index_bits;  // a register holds 0 to value_bits + 1
constexpr char sparse_form = '\x01';
constexpr char dense_form = '\x02';

double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, z = x, before = 0;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (z != before);
  return z;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before = 0;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

}  // namespace

void HyperLogLog::add(std::string_view value) {
  const std::uint64_t hash = hash64(value);
  const std::uint64_t rest = hash << index_bits;
  const auto rank = static_cast<std::uint8_t>(rest == 0 ? value_bits + 1 : std::countl_zero(rest) + 1);
  std::uint8_t& highest = highest_[hash >> value_bits];
  highest = std::max(highest, rank);
}

void HyperLogLog::merge(const HyperLogLog& other) {
  for (std::size_t i = 0; i < registers; ++i) highest_[i] = std::max(highest_[i], other.highest_[i]);
}

std::uint64_t HyperLogLog::estimate() const {
  std::array<std::uint32_t, value_bits + 2> count{};
  for (const std::uint8_t value : highest_) ++count.at(value);
  const auto m = static_cast<double>(registers);
  double z = m * tau(1 - count[value_bits + 1] / m);
  for (int k = value_bits; k >= 1; --k) z = 0.5 * (z + count[static_cast<std::size_t>(k)]);
  z += m * sigma(count[0] / m);
  return static_cast<std::uint64_t>(std::llround(m * m / (2 * std::log(2.0) * z)));
}

std::string HyperLogLog::bytes() const {
  const auto zeros = static_cast<std::size_t>(std::count(highest_.begin(), highest_.end(), 0));
  std::string out;
  if ((registers - zeros) * 3 >= registers) {
    out.push_back(dense_form);
    out.append(highest_.begin(), highest_.end());
    return out;
  }
  out.push_back(sparse_form);
  for (std::size_t i = 0; i < registers; ++i) {
    if (highest_[i] == 0) continue;
    const auto packed = static_cast<std::uint32_t>(i << 6 | highest_[i]);
    for (const int shift : {16, 8, 0}) out.push_back(static_cast<char>(packed >> shift & 0xff));
  }
  return out;
}

bool HyperLogLog::merge_bytes(std::string_view bytes) {
  if (bytes.empty()) return false;
  const char form = bytes.front();
  bytes.remove_prefix(1);
  const auto take = [this](std::size_t i, std::uint8_t value) {
    if (i >= registers || value > value_bits + 1) return false;
    highest_[i] = std::max(highest_[i], value);
    return true;
  };
  if (form == dense_form && bytes.size() == registers) {
    for (std::size_t i = 0; i < registers; ++i)
      if (!take(i, static_cast<std::uint8_t>(bytes[i]))) return false;
    return true;
  }
  if (form != sparse_form || bytes.size() % 3 != 0) return false;
  for (; !bytes.empty(); bytes.remove_prefix(3)) {
    std::uint32_t packed = 0;
    for (const char byte : bytes.substr(0, 3)) packed = packed << 8 | static_cast<std::uint8_t>(byte);
    if (!take(packed >> 6, static_cast<std::uint8_t>(packed & 0x3f))) return false;
  }
  return true;
}

namespace {

std::string_view bytes_at(duckdb_vector vector, idx_t row) {
  auto* const text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector)) + row;
  return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

struct Registers {
  using Columns = OneColumn;

  HyperLogLog known;

  bool merge(const Registers& other) {
    known.merge(other.known);
    return true;
  }
  void give(duckdb_vector out, idx_t row) const {
    const std::string bytes = known.bytes();
    duckdb_vector_assign_string_element_len(out, row, bytes.data(), bytes.size());
  }
  static const char* error() { return "the registers of approx_count_distinct() are malformed"; }
};

struct OfValues : Registers {
  bool add(const Columns& columns, idx_t row) {
    known.add(bytes_at(columns.vector, row));
    return true;
  }
};

struct OfRegisters : Registers {
  bool add(const Columns& columns, idx_t row) { return known.merge_bytes(bytes_at(columns.vector, row)); }
};

void count(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const duckdb_vector blobs = duckdb_data_chunk_get_vector(input, 0);
  const std::uint64_t* const validity = duckdb_vector_get_validity(blobs);
  auto* const out = static_cast<std::int64_t*>(duckdb_vector_get_data(output));
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    out[i] = 0;
    if (!is_valid(validity, i)) continue;
    HyperLogLog known;
    if (!known.merge_bytes(bytes_at(blobs, i))) return duckdb_scalar_function_set_error(info, Registers::error());
    out[i] = static_cast<std::int64_t>(known.estimate());
  }
}

}  // namespace

Status install_hyperloglog(duckdb_connection connection) {
  const OwnType text(DUCKDB_TYPE_VARCHAR), blob(DUCKDB_TYPE_BLOB), integer(DUCKDB_TYPE_BIGINT);
  TRY(OwnAggregate<OfValues>::install(connection, "weir_hll", text, blob));
  TRY(OwnAggregate<OfRegisters>::install(connection, "weir_hll_merge", blob, blob));
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, "weir_hll_count");
  duckdb_scalar_function_add_parameter(function, blob.get());
  duckdb_scalar_function_set_return_type(function, integer.get());
  duckdb_scalar_function_set_special_handling(function);  // none is 0
  duckdb_scalar_function_set_function(function, count);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  if (state == DuckDBError) return fail(Fault::internal, "DuckDB refused the function weir_hll_count");
  return {};
}

}  // namespace weir
