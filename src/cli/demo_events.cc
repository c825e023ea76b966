#include "cli/demo_events.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/hash.h"

namespace weir {
namespace {

constexpr std::int64_t hour = std::int64_t{3'600} * 1'000'000;

// Picks from the seed and the number of the event, so that events need no state. Each call gives another value.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t event) : seed_(seed), event_(event) {}
  std::uint64_t below(std::uint64_t bound) {
    const std::array<std::uint64_t, 2> bytes = {event_, turn_++};
    return hash64({reinterpret_cast<const char*>(bytes.data()), sizeof bytes}, seed_) % bound;
  }
  template <std::size_t N>
  std::string_view one_of(const std::array<std::string_view, N>& choices) {
    return choices[below(N)];
  }

 private:
  std::uint64_t seed_;
  std::uint64_t event_;
  std::uint64_t turn_ = 0;
};

struct Fields {
  std::string id, merchant, amount, currency, status, time, card;
  std::string text() const {
    return fmt::format(
        R"({{"payment_id":"{}","merchant_id":"{}","amount":{},"currency":"{}","status":"{}","event_time":"{}"{}}})", id,
        merchant, amount, currency, status, time, card);
  }
};

Fields good_fields(Dice& dice, const DemoEvents& events, std::uint64_t i) {
  static constexpr std::array<std::string_view, 4> currencies = {"EUR", "USD", "GBP", "JPY"};
  static constexpr std::array<std::string_view, 4> statuses = {"AUTHORIZED", "CAPTURED", "CAPTURED", "REFUNDED"};
  static constexpr std::array<std::string_view, 3> brands = {"visa", "mastercard", "amex"};
  const Micros time(events.start.value + static_cast<std::int64_t>(i) * events.spacing_micros);
  Fields f;
  f.id = fmt::format("p-{:08}", i);
  f.merchant = fmt::format("m-{:03}", dice.below(40));
  f.amount = fmt::format("{}.{:02}", 1 + dice.below(dice.below(20) == 0 ? 5000 : 300), dice.below(100));
  f.currency = dice.one_of(currencies);
  f.status = dice.one_of(statuses);
  f.time = format_rfc3339(time);
  if (dice.below(5) != 0)
    f.card = fmt::format(R"(,"card":{{"brand":"{}","last4":"{:04}"}})", dice.one_of(brands), dice.below(10000));
  return f;
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  text.replace(text.find(from), from.size(), to);
}

struct Damage {
  Code code;
  void (*apply)(Fields& fields, DemoEvent& event);  // before the text is made: `fields`; after: `event.value`
  bool on_text;
};

constexpr Damage damages[] = {
    {Code::json_parse_error, [](Fields&, DemoEvent& e) { e.value->resize(e.value->size() / 2); }, true},
    {Code::json_parse_error, [](Fields&, DemoEvent& e) { *e.value += " trailing"; }, true},
    {Code::invalid_utf8, [](Fields&, DemoEvent& e) { replace(*e.value, "m-", "m-\xff"); }, true},
    {Code::null_value, [](Fields&, DemoEvent& e) { e.value.reset(); }, true},
    {Code::missing_field, [](Fields&, DemoEvent& e) { replace(*e.value, "\"payment_id\"", "\"paymentId\""); }, true},
    {Code::null_not_allowed, [](Fields& f, DemoEvent&) { f.amount = "null"; }, false},
    {Code::type_mismatch, [](Fields& f, DemoEvent&) { f.amount = "\"12,50\""; }, false},
    {Code::type_mismatch, [](Fields& f, DemoEvent&) { f.time = "yesterday"; }, false},
    {Code::value_not_allowed, [](Fields& f, DemoEvent&) { f.currency = "DOGE"; }, false},
    {Code::value_not_allowed, [](Fields& f, DemoEvent&) { f.id = "p-x"; }, false},
    {Code::value_out_of_range, [](Fields& f, DemoEvent&) { f.amount = "99000000.00"; }, false},
    {Code::duplicate_field, [](Fields&, DemoEvent& e) { replace(*e.value, "{", "{\"amount\":1.00,"); }, true},
    {Code::expectation_failed, [](Fields& f, DemoEvent&) { f.amount = "-" + f.amount; }, false},
    {Code::expectation_failed, [](Fields& f, DemoEvent&) { f.amount = "0.00"; }, false},
    {Code::expression_error, [](Fields& f, DemoEvent&) { f.merchant = "m-test"; }, false},
};

}  // namespace

namespace {

// What event i is, of a thousand; the first roll of its own dice.
enum class Fate { damaged, test, again, late, good };

Fate fate_of(std::uint64_t seed, std::uint64_t i) {
  const std::uint64_t roll = Dice(seed ^ 0x5eed, i).below(1000);
  if (roll < 20) return Fate::damaged;
  if (roll < 50) return Fate::test;
  if (roll < 83) return Fate::again;
  return roll < 88 ? Fate::late : Fate::good;
}

// An earlier event that is good whatever is asked for.
std::optional<std::uint64_t> first_of(const DemoEvents& events, std::uint64_t i, Dice& dice) {
  const auto reach = static_cast<std::uint64_t>(events.again_max_micros / events.spacing_micros);
  for (int tries = 0; tries < 8 && reach > 0; ++tries) {
    const std::uint64_t back = 1 + dice.below(reach);
    if (back <= i && fate_of(events.seed, i - back) == Fate::good) return i - back;
  }
  return std::nullopt;
}

DemoEvent event_of(const Fields& fields) {
  DemoEvent event;
  event.key = fields.merchant;
  event.value = fields.text();
  return event;
}

DemoEvent damaged(Fields fields, const Damage& damage) {
  DemoEvent event;
  event.code = damage.code;
  if (!damage.on_text) damage.apply(fields, event);
  event.key = fields.merchant;
  event.value = fields.text();
  if (damage.on_text) damage.apply(fields, event);
  return event;
}

}  // namespace

DemoEvent DemoEvents::at(std::uint64_t i, bool late) const {
  Dice dice(seed, i);
  Fields fields = good_fields(dice, *this, i);
  switch (fate_of(seed, i)) {
    case Fate::damaged: return damaged(std::move(fields), damages[dice.below(std::size(damages))]);
    case Fate::test: {
      fields.status = "TEST";
      DemoEvent event = event_of(fields);
      event.filtered = true;
      return event;
    }
    case Fate::again: {
      const auto first = first_of(*this, i, dice);
      if (!first) break;
      Dice its(seed, *first);
      DemoEvent event = event_of(good_fields(its, *this, *first));
      event.duplicate = true;
      return event;
    }
    case Fate::late: {
      if (!late) break;
      fields.time = format_rfc3339(Micros(start.value - 3 * hour));
      DemoEvent event = event_of(fields);
      event.code = Code::late_record;
      return event;
    }
    case Fate::good: break;
  }
  return event_of(fields);
}

void DemoCounts::add(const DemoEvent& event) {
  ++sent;
  if (event.code) ++dead_letters[*event.code];
  if (event.filtered) ++filtered;
  if (event.duplicate) ++duplicates;
}

std::uint64_t DemoCounts::dead() const {
  std::uint64_t sum = 0;
  for (const auto& [code, rows] : dead_letters) sum += rows;
  return sum;
}

}  // namespace weir
