#pragma once
// Owns one librdkafka client and keeps what it last complained of. All of librdkafka that needs a configuration is made
// here; its log lines go to base/log (limited in rate, secrets masked).
//
// Threads: librdkafka calls back from its own threads, so complaints are guarded; the other members follow
// librdkafka's own rules (all thread-safe). Ownership: shared, because messages that a batch holds need their client.
// Errors: to_error turns librdkafka's codes into Fault and text; this is the only place that does.

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/connection_spec.h"
#include "connectors/kafka_properties.h"

struct rd_kafka_s;

namespace weir {

using KafkaSettings = std::vector<std::pair<std::string, std::string>>;

// The newest trouble that librdkafka told of outside any request: no broker, refused credentials, TLS.
struct KafkaComplaint {
  int code = 0;  // rd_kafka_resp_err_t
  std::string text;
  Clock::Duration at{0};    // by Clock::running
  std::uint64_t count = 0;  // of complaints of this kind in a row
};

// Is told what became of each message of a producer, in the thread that calls KafkaClient::serve.
class KafkaDeliveries {
 public:
  virtual ~KafkaDeliveries() = default;
  virtual void delivered(std::uint64_t tag, int code) = 0;  // code: rd_kafka_resp_err_t, 0 where it is stored
};

class KafkaClient {
 public:
  // Whether properties and credentials are such as make takes. Calls nobody.
  static Status check(const ConnectionSpec& connection);
  // Calls its brokers from now on. `defaults` may be overridden by the connection's properties, `fixed` may not.
  // Fault::config when a property is refused or a file (CA, key) cannot be read.
  static Result<std::shared_ptr<KafkaClient>> make(const ConnectionSpec& connection, KafkaRole role,
                                                   const KafkaSettings& defaults, const KafkaSettings& fixed,
                                                   const Clock& clock);
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_s* get() const { return handle_; }
  const std::string& connection() const { return connection_; }

  // Lets librdkafka deliver its callbacks (complaints, delivery reports).
  void serve(std::chrono::milliseconds wait) const;
  // The newest complaint since the last clear; refused credentials and TLS failures win over a lost connection.
  std::optional<KafkaComplaint> complaint() const;
  void clear_complaint();
  // The complaint as an Error that names the connection, or `otherwise` where there is none.
  Error complaint_or(const Error& otherwise) const;

  // Where a producer's reports go. Set while nothing is on its way.
  void report_to(KafkaDeliveries* deliveries) { deliveries_ = deliveries; }

 private:
  struct Log;
  friend struct KafkaCallbacks;
  KafkaClient(std::string connection, std::vector<std::string> secrets, const Clock& clock);
  void complain(int code, std::string text);
  void note_reason(std::string text);

  std::string connection_;
  const Clock& clock_;
  rd_kafka_s* handle_ = nullptr;
  std::unique_ptr<Log> log_;
  KafkaDeliveries* deliveries_ = nullptr;

  mutable std::mutex mutex_;
  std::optional<KafkaComplaint> complaint_;  // guarded by mutex_
  std::string reason_;                       // why a broker was lost last; guarded by mutex_
};

// An Error for librdkafka's code: who is at fault, and what to do. `text` is librdkafka's own explanation.
Error to_error(int code, const std::string& text, const std::string& place);
// Refused credentials, missing rights, a TLS handshake that fails: what waiting does not cure.
bool is_refusal(int code);

// A short name for messages: "connection main (broker-1:9092, SASL_SSL, SCRAM-SHA-512, user weir)".
std::string describe_connection(const ConnectionSpec& connection);

}  // namespace weir
