#include "state/key_set.h"

#include <map>
#include <random>
#include <set>

#include "checkpoint_fixture.h"
#include "state/key_filter.h"
#include "state/slot_index.h"

namespace weir {
namespace {

KeySetOptions small_set(std::uint64_t memory_max = std::uint64_t{1} << 30) {
  return {"7", Micros(100), Bytes(memory_max)};
}

KeySet must_open_set(Checkpoint& checkpoint, const KeySetOptions& options) {
  auto set = KeySet::open(checkpoint, options);
  if (!set) FAIL(set.error().text());
  return *std::move(set);
}

void must_commit(Checkpoint& checkpoint, KeySet& set) {
  StateChanges changes;
  REQUIRE(set.pack(changes));
  must_run_batch(checkpoint, changes);
  set.merge();
}

std::vector<std::uint8_t> must_insert(KeySet& set, const std::vector<Hash128>& keys, const std::vector<Micros>& times,
                                      std::optional<Micros> horizon = {}, std::optional<Micros> within = {}) {
  std::vector<std::uint8_t> fresh(keys.size(), 7);
  const Status done = set.insert(keys, times, horizon, within, fresh);
  if (!done) FAIL(done.error().text());
  return fresh;
}

using Fresh = std::vector<std::uint8_t>;

TEST_CASE("the first of equal keys is fresh, in one batch and across batches and openings") {
  const TestDirectory directory;
  auto checkpoint = must_open(directory.path());
  std::optional<KeySet> set = must_open_set(*checkpoint, small_set());
  CHECK(must_insert(*set, {{1, 1}, {1, 1}, {1, 2}}, {Micros(5), Micros(5), Micros(6)}) == Fresh{1, 0, 1});
  must_commit(*checkpoint, *set);
  CHECK(must_insert(*set, {{1, 2}, {2, 2}}, {Micros(900), Micros(-900)}) == Fresh{0, 1});
  must_commit(*checkpoint, *set);
  set.reset();
  checkpoint.reset();
  checkpoint = must_open(directory.path());
  set = must_open_set(*checkpoint, small_set());
  CHECK(set->size().rows == 3);
  CHECK(must_insert(*set, {{2, 2}, {1, 1}, {3, 3}}, {Micros(1), Micros(1), Micros(1)}) == Fresh{0, 0, 1});
}

TEST_CASE("keys that share half of their hash are told apart") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  KeySet set = must_open_set(*checkpoint, small_set(1));
  std::vector<Hash128> keys;
  for (std::uint64_t i = 0; i < 5'000; ++i) keys.push_back({i, 42});
  for (std::uint64_t i = 0; i < 5'000; ++i) keys.push_back({42'000'000, i + 1'000'000});
  const std::vector<Micros> times(keys.size(), Micros(50));
  CHECK(must_insert(set, keys, times) == Fresh(keys.size(), 1));
  must_commit(*checkpoint, set);  // over its limit: sealed
  CHECK(set.size().memory.value < 100'000);
  CHECK(must_insert(set, keys, times) == Fresh(keys.size(), 0));
  CHECK(must_insert(set, {{42, 43}, {42'000'000, 7}, {5'000, 42}}, {Micros(1), Micros(1), Micros(1)}) ==
        Fresh{1, 1, 1});
}

TEST_CASE("within and the horizon bound a duplicate to the microsecond, both ways in time") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  KeySet set = must_open_set(*checkpoint, small_set());
  const auto fresh = [&](std::int64_t time, std::optional<Micros> horizon = {}) {
    return must_insert(set, {{9, 9}}, {Micros(time)}, horizon, Micros(250)).front() == 1;
  };
  CHECK(fresh(1'000));
  CHECK_FALSE(fresh(1'250));
  CHECK_FALSE(fresh(750));
  CHECK(fresh(1'251));  // kept as well: the next is measured from either
  CHECK_FALSE(fresh(1'501));
  CHECK(fresh(749));
  CHECK_FALSE(fresh(1'000, Micros(1'000)));
  CHECK(fresh(990, Micros(1'252)));
  CHECK(fresh(INT64_MAX));
  CHECK_FALSE(fresh(INT64_MAX));
  CHECK(fresh(INT64_MIN));
}

TEST_CASE("buckets that have passed go, from memory and from the disk") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  KeySet set = must_open_set(*checkpoint, small_set());
  std::vector<Hash128> keys;
  std::vector<Micros> times;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    keys.push_back({i * 0x9e3779b97f4a7c15ULL, i * 0xc2b2ae3d27d4eb4fULL});
    times.push_back(Micros(static_cast<std::int64_t>(i / 10)));
  }
  must_insert(set, keys, times);
  must_commit(*checkpoint, set);
  CHECK(set.size().rows == 20'000);
  CHECK_FALSE(set.due(Micros(99)));
  CHECK(set.due(Micros(100)));
  set.expire(Micros(1'050));
  must_commit(*checkpoint, set);
  CHECK(set.size().rows == 10'000);
  set.expire(Micros(2'000));
  must_commit(*checkpoint, set);
  CHECK(set.size().rows == 0);
  CHECK(set.size().bytes.value == 0);
  CHECK(set.size().memory.value < 10'000);
  CHECK_FALSE(set.due(Micros(INT64_MAX)));
  int left = 0;
  REQUIRE(checkpoint->scan("state.7", "A", "G", [&](std::string_view, std::string_view) -> Status {
    ++left;
    return {};
  }));
  CHECK(left == 0);
}

TEST_CASE("a set keeps the bucket width that it was made with") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  {
    KeySet set = must_open_set(*checkpoint, small_set());
    must_insert(set, {{1, 1}}, {Micros(90)});
    must_commit(*checkpoint, set);
  }
  KeySetOptions narrow = small_set();
  narrow.bucket_width = Micros(10);
  KeySet set = must_open_set(*checkpoint, narrow);
  CHECK_FALSE(set.due(Micros(99)));
  set.expire(Micros(99));
  must_commit(*checkpoint, set);
  CHECK(must_insert(set, {{1, 1}}, {Micros(95)}) == Fresh{0});
  CHECK(set.due(Micros(100)));
  CHECK(must_open_set(*checkpoint, small_set()).size().rows == 1);
}

TEST_CASE("a set that was made with something else is refused, with the field and the ways out") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  const auto with = [](const std::string& key, std::int64_t within) {
    KeySetOptions options = small_set();
    options.meanings = {{"key", key, {}, false, "steps.once.key"},
                        {"within", std::to_string(within), within, false, "steps.once.within"}};
    return options;
  };
  {
    KeySet set = must_open_set(*checkpoint, with("a", 10));
    must_insert(set, {{1, 1}}, {Micros(1)});
    must_commit(*checkpoint, set);
  }
  const auto refused = [&](const KeySetOptions& options) {
    const auto set = KeySet::open(*checkpoint, options);
    REQUIRE_FALSE(set);
    CHECK(set.error().fault == Fault::config);
    return set.error().text();
  };
  CHECK(refused(with("b", 10)) ==
        "steps.once.key: the state in the checkpoint was made with another key: undo the change, give the step a new "
        "name, or set `state: reset` for it: it was a, now it is b");
  CHECK(refused(with("a", 11)).find("steps.once.within: ") == 0);
  CHECK(refused(small_set()).find("made with another key") != std::string::npos);
  {
    KeySet set = must_open_set(*checkpoint, with("a", 5));
    CHECK(set.size().rows == 1);
    CHECK(must_open_set(*checkpoint, with("a", 10)).size().rows == 1);  // nothing was committed with the lower one
    must_commit(*checkpoint, set);
  }
  CHECK(refused(with("a", 10)).find("it was 5, now it is 10") != std::string::npos);
  REQUIRE(checkpoint->drop_state("7"));
  CHECK(must_open_set(*checkpoint, with("b", 20)).size().rows == 0);
}

// What a key set promises, in the plainest form.
class Model {
 public:
  bool insert(const Hash128& key, std::int64_t time, std::int64_t horizon, std::optional<std::int64_t> within) {
    auto& times = kept_[{key.high, key.low}];
    for (const std::int64_t t : times)
      if (t >= horizon && (!within || std::abs(t - time) <= *within)) return false;
    times.push_back(time);
    return true;
  }
  void expire(std::int64_t horizon) {
    for (auto& [key, times] : kept_)
      std::erase_if(times, [&](std::int64_t t) { return t < horizon - ((horizon % 100) + 100) % 100; });
  }
  std::size_t rows() const {
    std::size_t rows = 0;
    for (const auto& [key, times] : kept_) rows += times.size();
    return rows;
  }

 private:
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<std::int64_t>> kept_;
};

// Random batches; some are discarded and run again, after some the process "dies" before or behind the commit.
void run_against_model(unsigned seed, std::uint64_t memory_max, bool with_within) {
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const TestDirectory directory;
  auto checkpoint = must_open(directory.path());
  std::optional<KeySet> set = must_open_set(*checkpoint, small_set(memory_max));
  Model committed;
  std::int64_t now = -2'000;
  std::int64_t horizon = -3'000;
  const auto reopen = [&] {
    set.reset();
    checkpoint.reset();
    checkpoint = must_open(directory.path());
    if (checkpoint->open_plan()) REQUIRE(checkpoint->commit(commit_of(*checkpoint, *checkpoint->open_plan())));
    set = must_open_set(*checkpoint, small_set(memory_max));
  };
  for (int batch = 0; batch < 60; ++batch) {
    std::vector<Hash128> keys;
    std::vector<Micros> times;
    const std::uint64_t rows = below(5) == 0 ? 0 : below(memory_max < 1'000'000 ? 9'000 : 600);
    for (std::uint64_t i = 0; i < rows; ++i) {
      const std::uint64_t k = below(3'000) + static_cast<std::uint64_t>(batch) * (memory_max < 1'000'000 ? 2'000 : 100);
      keys.push_back({k * 0x9e3779b97f4a7c15ULL, below(10) == 0 ? 5 : k * 0xc2b2ae3d27d4eb4fULL});
      times.push_back(Micros(std::max(horizon, now + static_cast<std::int64_t>(below(400)) - 200)));
    }
    const std::optional<std::int64_t> within = with_within ? std::optional<std::int64_t>(150) : std::nullopt;
    Model model = committed;
    const auto attempt = [&] {
      model = committed;
      const auto fresh =
          must_insert(*set, keys, times, Micros(horizon), within ? std::optional(Micros(*within)) : std::nullopt);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < keys.size(); ++i)
        wrong += model.insert(keys[i], times[i].value, horizon, within) != (fresh[i] == 1);
      CHECK(wrong == 0);
    };
    attempt();
    const std::int64_t next =
        below(3) == 0 ? horizon : std::max(horizon, now - 300 + static_cast<std::int64_t>(below(500)));
    set->expire(Micros(next));
    StateChanges changes;
    REQUIRE(set->pack(changes));
    switch (below(6)) {
      case 0:  // something failed: back, and once more
        set->discard();
        CHECK(set->size().rows == committed.rows());
        attempt();
        set->expire(Micros(next));
        changes = {};
        REQUIRE(set->pack(changes));
        break;
      case 1:  // killed before the commit
        reopen();
        CHECK(set->size().rows == committed.rows());
        attempt();
        set->expire(Micros(next));
        changes = {};
        REQUIRE(set->pack(changes));
        break;
      default: break;
    }
    must_run_batch(*checkpoint, changes);
    model.expire(next);
    committed = model;
    horizon = next;
    now += static_cast<std::int64_t>(below(120));
    if (below(4) == 0) {
      reopen();  // killed behind the commit
    } else {
      set->merge();
    }
    CHECK(set->size().rows == committed.rows());
  }
}

TEST_CASE("random batches, discards and kills agree with the model") {
  for (unsigned seed = 1; seed <= 6; ++seed) run_against_model(seed, std::uint64_t{1} << 30, seed % 2 == 0);
}

TEST_CASE("random batches over the memory limit agree with the model") {
  for (unsigned seed = 1; seed <= 2; ++seed) run_against_model(seed, 200'000, seed % 2 == 0);
}

TEST_CASE("an index finds exactly what it holds, after any additions and removals") {
  std::mt19937 random(3);
  SlotIndex index;
  std::map<std::uint32_t, std::uint32_t> there;  // entry -> hash
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    if (random() % 5 < 3 || there.empty()) {
      const std::uint32_t hash = random() % 4 == 0 ? random() % 16 : static_cast<std::uint32_t>(random());
      index.add(hash, i);
      there[i] = hash;
    } else {
      auto pick = there.lower_bound(random() % (i + 1));
      if (pick == there.end()) pick = there.begin();
      index.remove(pick->second, pick->first);
      there.erase(pick);
    }
    if (i % 50'000 == 0) index.shrink();
  }
  REQUIRE(index.count() == there.size());
  std::size_t found = 0;
  for (const auto& [entry, hash] : there) found += index.find(hash, [&, e = entry](std::uint32_t x) { return x == e; });
  CHECK(found == there.size());
}

TEST_CASE("a filter never misses what it holds and lets one in a few hundred others through at most") {
  std::mt19937_64 random(4);
  for (const std::size_t count : {0, 1, 31, 1'000, 100'000}) {
    KeyFilter filter(count);
    std::vector<Hash128> keys;
    for (std::size_t i = 0; i < count; ++i) keys.push_back({random(), random()});
    for (const Hash128& key : keys) filter.add(key);
    const KeyFilter read = KeyFilter::from_bytes(filter.bytes());
    for (const Hash128& key : keys) REQUIRE(read.maybe(key));
    std::size_t wrong = 0;
    for (int i = 0; i < 100'000; ++i) wrong += read.maybe({random(), random()});
    CHECK(wrong < 400);
  }
}

}  // namespace
}  // namespace weir
