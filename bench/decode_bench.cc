// Nanoseconds a record of the JSON decoder and the JSON encoder on one core, over ride events in memory: 180 bytes, 8 fields.
//
//   decode_bench [RECORDS=400000] [ROUNDS=5]
//
// Prints one line a job, the best of the rounds: `bench job=decode ns_per_record=... mb_per_s=...`.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "formats/decoder.h"
#include "formats/json_encoder.h"

namespace {

using namespace weir;

struct Rng {  // splitmix64: the same everywhere
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>((next() >> 32) * n >> 32); }
};

std::string ride(Rng& rng, std::uint32_t i) {
  static constexpr std::string_view cities[] = {"amsterdam", "berlin", "chicago", "helsinki",
                                                "lima",      "oslo",   "rome",    "singapore"};
  static constexpr std::string_view states[] = {"requested", "completed", "cancelled"};
  const std::uint32_t cents = 100 + rng.below(8000);
  const std::uint32_t surge = 10 + rng.below(15);
  return fmt::format(
      R"({{"event_id":"{:016x}-{:08x}","ride_id":"r{:07}","driver_id":"d{}","city":"{}","status":"{}","fare":{}.{:02},"surge":{}.{},"event_time":"2026-01-01T{:02}:{:02}:{:02}.{:03}Z"}})",
      rng.next(), i, rng.below(3'000'000), rng.below(20'000), cities[rng.below(8)], states[rng.below(3)], cents / 100,
      cents % 100, surge / 10, surge % 10, rng.below(24), rng.below(60), rng.below(60), rng.below(1000));
}

ContractSpec ride_contract() {
  ContractSpec spec;
  spec.name = "ride";
  for (const auto& [name, type] : {std::pair{"event_id", "string"},
                                   {"ride_id", "string"},
                                   {"driver_id", "string"},
                                   {"city", "string"},
                                   {"status", "string"},
                                   {"fare", "double"},
                                   {"surge", "double"},
                                   {"event_time", "timestamp"}}) {
    FieldSpec field;
    field.name = name;
    field.type = type;
    field.required = true;
    field.nullable = false;
    spec.fields.push_back(field);
  }
  return spec;
}

void report(const char* job, int rounds, const RecordBatch& records, const std::function<void()>& run) {
  double best = 1e300;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  std::printf("bench job=%s ns_per_record=%.0f mb_per_s=%.0f records=%zu\n", job,
              best / static_cast<double>(records.records.size()), static_cast<double>(records.bytes.value) * 1e3 / best,
              records.records.size());
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 400'000);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  Rng rng{42};
  std::vector<std::string> texts;
  RecordBatch records;
  records.streams.push_back({"rides", PartitionId(0)});
  for (std::uint32_t i = 0; i < count; ++i) texts.push_back(ride(rng, i));
  for (const std::string& text : texts) {
    Record record;
    record.value = text.data();
    record.value_size = static_cast<std::uint32_t>(text.size());
    records.bytes.value += text.size();
    records.records.push_back(record);
  }
  auto contract = Contract::compile(ride_contract());
  if (!contract) return std::fputs(contract.error().text().c_str(), stderr), 1;
  const auto decoder = make_json_decoder(*contract, {"rides", {}, {}});
  const auto some = make_json_decoder(*contract, {"rides", {}, std::vector<std::string>{"city", "fare", "event_time"}});
  Batch rows;
  report("decode", rounds, records, [&] { rows = decoder->decode(records, 0)->rows; });
  report("decode_3_columns", rounds, records, [&] { some->decode(records, 0); });
  report("encode", rounds, records, [&] { encode_json(rows); });
  return rows.rows() == count ? 0 : 1;
}
