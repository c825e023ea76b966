#pragma once
// Owns librdkafka's handles for the two bench programs, and ends the program with a message where something is wrong:
// they are tools of one run, there is nothing to recover.
//
// Threads: as librdkafka's. Ownership: by the unique_ptrs. Errors: exit code 1 (Kafka) or 2 (usage).

#include <array>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include <librdkafka/rdkafka.h>

namespace weir::bench {

[[noreturn]] inline void die(const std::string& message, int code = 1) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(code);
}

struct Destroy {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
template <class T>
using Handle = std::unique_ptr<T, Destroy>;

using Settings = std::initializer_list<std::pair<const char*, const char*>>;

inline Handle<rd_kafka_t> open_client(rd_kafka_type_t type, const char* bootstrap, Settings settings) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const auto set = [&](const char* name, const char* value) {
    if (rd_kafka_conf_set(conf, name, value, error.data(), error.size()) != RD_KAFKA_CONF_OK) die(error.data(), 2);
  };
  set("bootstrap.servers", bootstrap);
  for (const auto& [name, value] : settings) set(name, value);
  Handle<rd_kafka_t> client(rd_kafka_new(type, conf, error.data(), error.size()));
  if (!client) die(error.data());
  return client;
}

}  // namespace weir::bench
