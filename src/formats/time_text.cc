#include "formats/time_text.h"

#include <charconv>
#include <cstring>
#include <limits>

namespace weir {
namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t day = 86'400 * second;

// Days since 1970-01-01 of a date of the Gregorian calendar, and back (Howard Hinnant, "chrono-compatible low-level date
// algorithms"). Years are shifted to start in March, so that the leap day is last.
constexpr std::int32_t days_of(std::int32_t year, unsigned month, unsigned day_of_month) {
  year -= month <= 2;
  const std::int32_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day_of_month - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<std::int32_t>(day_of_era) - 719468;
}

struct Date {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

constexpr Date date_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * day_of_year + 2) / 153;
  const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1};
}

constexpr unsigned days_in(unsigned year, unsigned month) {
  constexpr unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) return 29;
  return days[month - 1];
}

// Two digits; more than 99 where they are none.
inline unsigned two(const char* p) {
  const auto high = static_cast<unsigned>(p[0] - '0');
  const auto low = static_cast<unsigned>(p[1] - '0');
  return high > 9 || low > 9 ? 1'000'000 : high * 10 + low;
}

TimeText read_date(std::string_view text, std::int32_t& days) {
  const char* const p = text.begin();
  const unsigned year = two(p) * 100 + two(p + 2);
  const unsigned month = two(p + 5);
  const unsigned day_of_month = two(p + 8);
  if (year > 9999 || month > 99 || day_of_month > 99 || p[4] != '-' || p[7] != '-') return TimeText::malformed;
  if (month < 1 || month > 12 || day_of_month < 1 || day_of_month > days_in(year, month)) return TimeText::impossible;
  days = days_of(static_cast<std::int32_t>(year), month, day_of_month);
  return TimeText::ok;
}

// Digits after the point, as microseconds; more than six are read and cut off.
const char* read_fraction(const char* p, const char* end, std::int64_t& micros) {
  const char* const start = p;
  std::int64_t scale = second / 10;
  for (; p < end && *p >= '0' && *p <= '9'; ++p) {
    micros += (*p - '0') * scale;
    scale /= 10;
  }
  return p == start ? nullptr : p;
}

// "Z" or "+hh:mm" up to the end, as seconds east of UTC.
TimeText read_zone(const char* p, const char* end, std::int64_t& seconds) {
  seconds = 0;
  if (end - p == 1 && (*p == 'Z' || *p == 'z')) return TimeText::ok;
  if (end - p != 6 || (*p != '+' && *p != '-') || p[3] != ':') return TimeText::malformed;
  const unsigned hours = two(p + 1);
  const unsigned minutes = two(p + 4);
  if (hours > 99 || minutes > 99) return TimeText::malformed;
  if (hours > 23 || minutes > 59) return TimeText::impossible;
  seconds = static_cast<std::int64_t>(hours) * 3600 + static_cast<std::int64_t>(minutes) * 60;
  if (*p == '-') seconds = -seconds;
  return TimeText::ok;
}

char* put_two(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

char* put_text(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_days(std::int64_t days, char* out) {
  const Date date = date_of(days);
  if (date.year >= 0 && date.year <= 9999) {
    const auto year = static_cast<unsigned>(date.year);
    out = put_two(put_two(out, year / 100), year % 100);
  } else {
    if (date.year > 0) *out++ = '+';
    out = std::to_chars(out, out + 12, date.year).ptr;
  }
  *out++ = '-';
  out = put_two(out, date.month);
  *out++ = '-';
  return put_two(out, date.day);
}

}  // namespace

TimeText parse_date(std::string_view text, std::int32_t& days) {
  return text.size() == 10 ? read_date(text, days) : TimeText::malformed;
}

TimeText parse_rfc3339(std::string_view text, std::int64_t& micros) {
  if (text.size() < 20) return TimeText::malformed;
  const char* p = text.data();
  const char* const end = p + text.size();
  std::int32_t days = 0;
  const TimeText date = read_date(text.substr(0, 10), days);
  if (date == TimeText::malformed) return date;
  const unsigned hours = two(p + 11);
  const unsigned minutes = two(p + 14);
  const unsigned seconds = two(p + 17);
  const bool separated = (p[10] == 'T' || p[10] == 't' || p[10] == ' ') && p[13] == ':' && p[16] == ':';
  if (!separated || hours > 99 || minutes > 99 || seconds > 99) return TimeText::malformed;
  p += 19;
  std::int64_t fraction = 0;
  if (*p == '.') {
    p = read_fraction(p + 1, end, fraction);
    if (p == nullptr) return TimeText::malformed;
  }
  std::int64_t east = 0;
  const TimeText zone = read_zone(p, end, east);
  if (zone == TimeText::malformed) return zone;
  if (date != TimeText::ok || zone != TimeText::ok || hours > 23 || minutes > 59 || seconds > 60)
    return TimeText::impossible;
  const std::int64_t of_day =
      static_cast<std::int64_t>(hours) * 3600 + static_cast<std::int64_t>(minutes) * 60 + seconds - east;
  if (seconds == 60) {
    if ((of_day % 86'400 + 86'400) % 86'400 != 0) return TimeText::impossible;  // a leap second ends a day in UTC
    fraction = 0;
  }
  micros = days * day + of_day * second + fraction;
  return micros < micros_lowest || micros > micros_highest ? TimeText::impossible : TimeText::ok;
}

char* write_date(std::int32_t days, char* out) {
  if (days == std::numeric_limits<std::int32_t>::max()) return put_text(out, "infinity");
  if (days == -std::numeric_limits<std::int32_t>::max()) return put_text(out, "-infinity");
  return put_days(days, out);
}

char* write_time(std::int64_t micros, char* out) {
  const auto seconds = static_cast<unsigned>(micros / second);
  auto fraction = static_cast<unsigned>(micros % second);
  out = put_two(out, seconds / 3600);
  *out++ = ':';
  out = put_two(out, seconds / 60 % 60);
  *out++ = ':';
  out = put_two(out, seconds % 60);
  if (fraction == 0) return out;
  *out++ = '.';
  for (unsigned scale = 100'000; fraction > 0; scale /= 10) {
    *out++ = static_cast<char>('0' + fraction / scale);
    fraction %= scale;
  }
  return out;
}

char* write_timestamp(std::int64_t micros, char* out, bool zone) {
  if (micros == std::numeric_limits<std::int64_t>::max()) return put_text(out, "infinity");
  if (micros == -std::numeric_limits<std::int64_t>::max()) return put_text(out, "-infinity");
  std::int64_t days = micros / day;
  if (micros % day < 0) --days;
  out = put_days(days, out);
  *out++ = 'T';
  // Not `days * day`: the lowest int64 is not a multiple of a day, and that product would run over.
  out = write_time((micros % day + day) % day, out);
  if (zone) *out++ = 'Z';
  return out;
}

}  // namespace weir
