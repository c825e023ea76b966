#include "cli/demo_events.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/hash.h"

namespace weir {
namespace {

constexpr std::int64_t day = std::int64_t{86'400} * 1'000'000;

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
  const std::int64_t earlier = dice.below(10) == 0 ? day : 0;
  const Micros time(events.start.value + static_cast<std::int64_t>(i) * events.spacing_micros - earlier);
  Fields f;
  f.id = fmt::format("p-{:08}", i);
  f.merchant = fmt::format("m-{:03}", dice.below(500));
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

DemoEvent DemoEvents::at(std::uint64_t i) const {
  Dice dice(seed, i);
  Fields fields = good_fields(dice, *this, i);
  DemoEvent event;
  const std::uint64_t fate = dice.below(1000);
  const Damage* const damage = fate < 20 ? &damages[dice.below(std::size(damages))] : nullptr;
  if (damage != nullptr) event.code = damage->code;
  if (damage != nullptr && !damage->on_text) damage->apply(fields, event);
  if (damage == nullptr && fate < 50) {
    fields.status = "TEST";
    event.filtered = true;
  }
  event.key = fields.merchant;
  event.value = fields.text();
  if (damage != nullptr && damage->on_text) damage->apply(fields, event);
  return event;
}

void DemoCounts::add(const DemoEvent& event) {
  ++sent;
  if (event.code) ++dead_letters[*event.code];
  if (event.filtered) ++filtered;
}

std::uint64_t DemoCounts::dead() const {
  std::uint64_t sum = 0;
  for (const auto& [code, rows] : dead_letters) sum += rows;
  return sum;
}

}  // namespace weir
