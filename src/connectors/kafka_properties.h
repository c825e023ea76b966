#pragma once
// Says which of librdkafka's properties a user may set on a connection, and why not the others: what decides about loss,
// duplicates or secrets is Weir's own.
//
// Threads: pure functions.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir {

enum class KafkaRole { consumer, admin, producer };

struct KafkaProperty {
  std::string_view name;
  bool consumer = true;  // who uses it
  bool producer = true;
  std::string_view what = {};
};

// The allow-list, by name.
const std::vector<KafkaProperty>& kafka_properties();

// Fault::config for a property outside the allow-list, with the reason and where to set it instead. Values are
// checked by librdkafka itself when the client is made.
Status check_kafka_property(std::string_view name);
Status check_kafka_properties(const std::map<std::string, std::string>& properties, const std::string& connection);

// Whether a client of that role takes the property (an allowed one).
bool kafka_property_applies(std::string_view name, KafkaRole role);

}  // namespace weir
