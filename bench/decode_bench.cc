// CPU nanoseconds a record of the JSON decoder and the JSON encoder, over ride events in memory: 180 bytes, 8 fields, 0.5 % of
// them malformed.
//
//   decode_bench [RECORDS=400000] [ROUNDS=5]
//
// Prints one line a job, the best of the rounds: `bench job=decode ns_per_record=... mb_per_s=...`.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "formats/decoder.h"
#include "formats/json_encoder.h"
#include "ride_events.h"

namespace {

using namespace weir;

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

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

void report(const char* job, int rounds, const RecordBatch& records, const std::function<void()>& run) {
  double best = 1e300;
  for (int i = 0; i < rounds; ++i) {
    const double start = cpu_ns();
    run();
    best = std::min(best, cpu_ns() - start);
  }
  std::printf("bench job=%s ns_per_record=%.0f mb_per_s=%.0f records=%zu\n", job,
              best / static_cast<double>(records.records.size()), static_cast<double>(records.bytes.value) * 1e3 / best,
              records.records.size());
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 400'000);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  bench::RideEvents rides(42);
  std::vector<std::string> texts;
  RecordBatch records;
  records.streams.push_back({"rides", PartitionId(0)});
  for (std::uint32_t i = 0; i < count; ++i) texts.emplace_back(rides.next().value);
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
  return rows.empty() ? 1 : 0;
}
