#include "connectors/kafka_source.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

constexpr Clock::Duration poll_every{100'000};    // a bell that rang too early is made up for by this
constexpr Clock::Duration stall_max{10'000'000};  // a replay without progress

Clock::Duration refresh_interval(const ConnectionSpec& connection) {
  constexpr Clock::Duration usual{10'000'000};
  const auto it = connection.properties.find("topic.metadata.refresh.interval.ms");
  if (it == connection.properties.end()) return usual;
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(it->second.data(), it->second.data() + it->second.size(), ms);
  return error == std::errc() && ms > 0 ? Clock::Duration(ms * 1000) : usual;
}

}  // namespace

Result<std::unique_ptr<KafkaSource>> KafkaSource::make(KafkaSourceOptions options, const Clock& clock) {
  std::optional<Pattern> pattern;
  if (!options.spec.topic_pattern.empty()) pattern = TRY(Pattern::compile(options.spec.topic_pattern));
  TRY(KafkaClient::check(options.connection));
  return std::unique_ptr<KafkaSource>(new KafkaSource(std::move(options), std::move(pattern), clock));
}

KafkaSource::KafkaSource(KafkaSourceOptions options, std::optional<Pattern> pattern, const Clock& clock)
    : options_(std::move(options)),
      pattern_(std::move(pattern)),
      clock_(clock),
      rate_(options_.spec.rate.records_per_second),
      refresh_every_(refresh_interval(options_.connection)) {}

KafkaSource::~KafkaSource() = default;

Position KafkaSource::position() const {
  Position position;
  for (const auto& [key, reader] : readers_) {
    const KafkaPartition& p = reader->partition;
    position.push_back({p.topic(), p.partition(), p.next(), p.topic_id()});
  }
  return position;
}

Status KafkaSource::start_all() {
  if (consumer_ == nullptr)
    consumer_ = TRY(KafkaConsumer::make(options_.connection, options_.queue_memory, readers_.size(), clock_));
  for (auto& [key, reader] : readers_) TRY(reader->partition.start(consumer_));
  return {};
}

Result<Fetched> KafkaSource::fetch(const FetchLimits& limits) {
  CHECK(opened_, "open comes before fetch");
  TRY(notice_changes());
  TRY(start_all());
  TRY(resolve_all());
  const Position begins = position();
  const Clock::Duration deadline = clock_.running() + limits.wait_max;
  const std::stop_callback ring_on_stop(limits.stop, [this] { consumer_->ring(); });
  Taken taken;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  bool at_end = false;
  while (true) {
    const bool full = take_round(limits, taken, records, bytes);
    consumer_->client().serve(milliseconds(0));
    at_end = reached(limits.until);
    const Clock::Duration left = deadline - clock_.running();
    if (full || at_end || limits.stop.stop_requested() || left <= Clock::Duration(0)) break;
    if (std::any_of(readers_.begin(), readers_.end(),
                    [](const auto& r) { return r.second->partition.trouble().has_value(); }))
      break;
    consumer_->wait(std::min(left, longest_wait()));
  }
  // What is there is given first; the trouble is still known at the next fetch.
  if (records == 0) {
    TRY(resolve_all());
    TRY(check_connection());
  }
  Fetched fetched = gather(begins, std::move(taken));
  fetched.reached_until = at_end;
  return fetched;
}

// Takes what is there, shared out fairly. True: a limit is reached.
bool KafkaSource::take_round(const FetchLimits& limits, Taken& taken, std::uint64_t& records, std::uint64_t& bytes) {
  const Clock::Duration now = clock_.running();
  rate_.refill(now);
  std::vector<Reader*> active;
  for (auto& [key, reader] : readers_) {
    reader->rate.refill(now);
    active.push_back(reader.get());
  }
  if (active.empty()) return false;
  std::rotate(active.begin(), active.begin() + static_cast<std::ptrdiff_t>(turn_++ % active.size()), active.end());
  std::map<Key, Offset> ends;
  if (limits.until)
    for (const PartitionPosition& p : *limits.until) ends[{p.topic, p.partition.value}] = p.next;

  const std::uint64_t records_max = std::min(limits.records_max, options_.spec.max_records);
  const std::uint64_t bytes_max = std::min(limits.bytes_max.value, options_.spec.max_bytes.value);
  bool bytes_full = false;
  while (!active.empty() && records < records_max && !bytes_full) {
    const std::uint64_t share = std::max<std::uint64_t>((records_max - records) / active.size(), 1);
    const std::uint64_t byte_share = (bytes_max - std::min(bytes, bytes_max)) / active.size();
    std::vector<Reader*> again;
    bool progress = false;
    for (Reader* reader : active) {
      KafkaPartition& p = reader->partition;
      KafkaPartition::Quota quota;
      quota.records = std::min({share, records_max - records, rate_.records(), reader->rate.records()});
      quota.bytes = byte_share;
      quota.one_of_any_size = records == 0;
      if (limits.until) {
        const auto it = ends.find({p.topic(), p.partition().value});
        quota.end = it == ends.end() ? p.next() : it->second;  // unknown to the caller: nothing is asked of it
      }
      if (quota.records == 0) continue;
      KafkaTaken& mine = taken[reader];
      const std::uint64_t bytes_before = mine.bytes;
      const std::uint64_t got = p.take(quota, mine);
      records += got;
      bytes += mine.bytes - bytes_before;
      rate_.spend(got);
      reader->rate.spend(got);
      progress |= got > 0;
      // Stopped by its share of the bytes, or ready to give more: it may go on in the next round.
      if (got == quota.records || (p.holds_records() && !(quota.end && p.reached(*quota.end)))) again.push_back(reader);
    }
    bytes_full = bytes >= bytes_max || (!progress && !again.empty() && records > 0);
    if (!progress) break;
    active = std::move(again);
  }
  return records >= records_max || bytes_full;
}

bool KafkaSource::reached(const std::optional<Position>& until) {
  if (!until) return false;
  for (const PartitionPosition& p : *until) {
    const auto it = readers_.find({p.topic, p.partition.value});
    if (it != readers_.end() && !it->second->partition.reached(p.next)) return false;
  }
  return true;
}

// Until the rate allows more.
Clock::Duration KafkaSource::longest_wait() const {
  Clock::Duration wait = rate_.until_next();
  for (const auto& [key, reader] : readers_) wait = std::max(wait, reader->rate.until_next());
  constexpr Clock::Duration shortest{10'000};
  return wait == Clock::Duration(0) ? poll_every : std::clamp(wait, shortest, poll_every);
}

Fetched KafkaSource::gather(const Position& begins, Taken taken) {
  Fetched fetched;
  auto pages = std::make_shared<std::vector<KafkaPages>>();
  std::size_t total = 0;
  for (const auto& [reader, mine] : taken) total += mine.records.size();
  RecordBatch& batch = fetched.records;
  batch.records.reserve(total);
  std::size_t i = 0;
  for (const auto& [key, reader] : readers_) {
    const KafkaPartition& p = reader->partition;
    CHECK(i < begins.size() && begins[i].topic == p.topic() && begins[i].partition == p.partition(),
          "partitions stay during a fetch");
    fetched.ranges.push_back({p.topic(), p.partition(), begins[i++].next, p.next(), p.topic_id()});
    const auto it = taken.find(reader.get());
    if (it == taken.end() || it->second.records.empty()) continue;
    KafkaTaken& mine = it->second;
    const auto stream = static_cast<std::uint32_t>(batch.streams.size());
    const auto headers_before = static_cast<std::uint32_t>(batch.headers.size());
    batch.streams.push_back({p.topic(), p.partition()});
    for (Record& record : mine.records) {
      record.stream = stream;
      record.headers_begin += headers_before;
      batch.records.push_back(record);
    }
    batch.headers.insert(batch.headers.end(), mine.headers.begin(), mine.headers.end());
    batch.bytes.value += mine.bytes;
    pages->push_back(std::move(mine.pages));
  }
  batch.owner = std::move(pages);
  return fetched;
}

Result<Fetched> KafkaSource::read(const SourceRanges& ranges) {
  CHECK(opened_, "open comes before read");
  Taken taken;
  TRY(read_until(ranges, taken));
  Position begins = position();
  for (const PartitionRange& range : ranges) {
    const auto it = readers_.find({range.topic, range.partition.value});
    if (it == readers_.end()) continue;
    it->second->partition.pass_to(range.end);
    for (PartitionPosition& begin : begins)
      if (begin.topic == range.topic && begin.partition == range.partition) begin.next = range.begin;
  }
  Fetched fetched = gather(begins, std::move(taken));
  fetched.ranges = ranges;
  fetched.reached_until = true;
  return fetched;
}

Status KafkaSource::read_until(const SourceRanges& ranges, Taken& taken) {
  std::map<Reader*, Offset> open;  // partitions that have not reached their end
  for (const PartitionRange& range : ranges) {
    const auto it = readers_.find({range.topic, range.partition.value});
    if (it == readers_.end()) {
      if (range.begin < range.end)
        TRY(lost(range.topic, range.partition,
                 "the batch that was planned needs offsets " + std::to_string(range.begin.value) + " to " +
                     std::to_string(range.end.value - 1) + ", but the partition is gone"));
      continue;
    }
    KafkaPartition& p = it->second->partition;
    if (!range.topic_id.empty() && !p.topic_id().empty() && range.topic_id != p.topic_id()) {
      TRY(lost(range.topic, range.partition, "the topic was deleted and made anew after this batch was planned"));
      continue;
    }
    p.move_to(range.begin);
    if (range.begin < range.end) open.emplace(it->second.get(), range.end);
  }
  TRY(start_all());
  Clock::Duration progress_at = clock_.running();
  while (!open.empty()) {
    for (auto it = open.begin(); it != open.end();) {
      Reader& reader = *it->first;
      KafkaPartition::Quota all{SIZE_MAX, UINT64_MAX, true, it->second};
      if (reader.partition.take(all, taken[&reader]) > 0) progress_at = clock_.running();
      if (reader.partition.trouble()) TRY(resolve(reader));
      it = reader.partition.reached(it->second) ? open.erase(it) : std::next(it);
    }
    if (open.empty()) break;
    consumer_->client().serve(milliseconds(0));
    if (clock_.running() - progress_at > stall_max) TRY(explain_stall(open));
    consumer_->wait(poll_every);
  }
  return {};
}

Result<Position> KafkaSource::end() {
  CHECK(opened_, "open comes before end");
  return admin_->offsets(OffsetKind::latest_committed, position(), milliseconds(10'000));
}

// The ends are asked for once a second at most; what is left before them is counted each time.
std::vector<PartitionLag> KafkaSource::lag() {
  constexpr Clock::Duration fresh{1'000'000};
  if (!opened_) return {};
  if (!ends_at_ || clock_.running() - *ends_at_ >= fresh) {
    ends_.clear();
    if (const auto ends = admin_->offsets(OffsetKind::latest_committed, position(), milliseconds(2'000)))
      for (const PartitionPosition& end : *ends) ends_[{end.topic, end.partition.value}] = end.next;
    ends_at_ = clock_.running();
  }
  std::vector<PartitionLag> out;
  for (auto& [key, reader] : readers_) out.push_back(lag_of(key, reader->partition));
  return out;
}

PartitionLag KafkaSource::lag_of(const Key& key, KafkaPartition& p) const {
  PartitionLag lag{p.topic(), p.partition(), std::nullopt, std::nullopt};
  const auto oldest = p.oldest();
  if (const auto end = ends_.find(key); end != ends_.end()) {
    // Behind the last record there may be markers and aborted records: the told end says that nothing is left.
    const Offset seen = p.told_end() && !p.holds_records() ? std::max(p.next(), *p.told_end()) : p.next();
    lag.records = std::max<std::int64_t>(end->second.value - seen.value, 0);
  }
  if (oldest) lag.age = Clock::Duration(std::max<std::int64_t>(clock_.now().value - oldest->value, 0));
  if (!oldest && lag.records == 0) lag.age = Clock::Duration(0);
  return lag;
}

void KafkaSource::report(const Position& committed) {
  admin_->commit(options_.spec.group.value_or("weir-" + options_.pipeline), committed);
}

}  // namespace weir
