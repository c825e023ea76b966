#pragma once
// Writes the log: a fixed text and named values, one line an event, to stderr. Text for people, JSON where
// `log.format: json` is set. Control characters are escaped. Records' contents and secrets are never logged.
//
// Threads: all functions may be called from any thread.

#include <initializer_list>
#include <string>
#include <string_view>

namespace weir::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json };

struct Field {
  std::string_view name;
  std::string value;
};
using Fields = std::initializer_list<Field>;

void set_level(Level level);
void set_format(Format format);
// Added to every line from now on: the pipeline's name.
void set_pipeline(std::string name);

void write(Level level, std::string_view message, Fields fields);
inline void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
inline void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
inline void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }

}  // namespace weir::log
