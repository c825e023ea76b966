#include "connectors/kafka_client.h"

#include <array>

#include <librdkafka/rdkafka.h>

#include "base/log.h"
#include "connectors/kafka_log_limit.h"

namespace weir {
namespace {

constexpr std::string_view name_of(SecurityProtocol protocol) {
  switch (protocol) {
    case SecurityProtocol::plaintext: return "PLAINTEXT";
    case SecurityProtocol::ssl: return "SSL";
    case SecurityProtocol::sasl_plaintext: return "SASL_PLAINTEXT";
    case SecurityProtocol::sasl_ssl: return "SASL_SSL";
  }
  return "PLAINTEXT";
}

constexpr std::string_view name_of(SaslMechanism mechanism) {
  switch (mechanism) {
    case SaslMechanism::plain: return "PLAIN";
    case SaslMechanism::scram_sha_256: return "SCRAM-SHA-256";
    case SaslMechanism::scram_sha_512: return "SCRAM-SHA-512";
    case SaslMechanism::oauthbearer: return "OAUTHBEARER";
  }
  return "PLAIN";
}

bool uses_sasl(const SecuritySpec& s) {
  return s.protocol == SecurityProtocol::sasl_plaintext || s.protocol == SecurityProtocol::sasl_ssl;
}
bool uses_tls(const SecuritySpec& s) {
  return s.protocol == SecurityProtocol::ssl || s.protocol == SecurityProtocol::sasl_ssl;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

// Collects settings; the first one that librdkafka refuses is kept as the error. Values are never repeated in it: a
// password may stand there.
class Conf {
 public:
  explicit Conf(std::string connection) : conf_(rd_kafka_conf_new()), place_("connections." + std::move(connection)) {}
  Conf(const Conf&) = delete;
  Conf& operator=(const Conf&) = delete;
  ~Conf() {
    if (conf_ != nullptr) rd_kafka_conf_destroy(conf_);
  }

  void set(const std::string& name, const std::string& value) {
    std::array<char, 512> text{};
    if (rd_kafka_conf_set(conf_, name.c_str(), value.c_str(), text.data(), text.size()) == RD_KAFKA_CONF_OK || error_)
      return;
    error_ = Error{Fault::config, Retry::no, "librdkafka refuses the value of " + name + ": " + text.data(), place_};
  }
  void set_unless_empty(const std::string& name, const std::string& value) {
    if (!value.empty()) set(name, value);
  }
  Status status() const { return error_ ? Status(tl::unexpected(*error_)) : Status(); }
  rd_kafka_conf_t* get() { return conf_; }
  rd_kafka_conf_t* release() { return std::exchange(conf_, nullptr); }

 private:
  rd_kafka_conf_t* conf_;
  std::string place_;
  std::optional<Error> error_;
};

void set_oauth(Conf& conf, const SecuritySpec& s) {
  conf.set("sasl.oauthbearer.method", "oidc");
  conf.set("sasl.oauthbearer.token.endpoint.url", s.token_url);
  conf.set("sasl.oauthbearer.client.id", s.client_id);
  conf.set("sasl.oauthbearer.client.secret", s.client_secret.reveal());
  conf.set_unless_empty("sasl.oauthbearer.scope", s.scope);
}

void set_security(Conf& conf, const SecuritySpec& s) {
  conf.set("security.protocol", std::string(name_of(s.protocol)));
  if (uses_tls(s)) {
    conf.set_unless_empty("ssl.ca.location", s.ca_file);
    conf.set_unless_empty("ssl.certificate.location", s.certificate_file);
    conf.set_unless_empty("ssl.key.location", s.key_file);
    conf.set_unless_empty("ssl.key.password", s.key_password.reveal());
    conf.set("ssl.endpoint.identification.algorithm", s.verify_hostname ? "https" : "none");
  }
  if (!uses_sasl(s)) return;
  conf.set("sasl.mechanism", std::string(name_of(s.mechanism)));
  if (s.mechanism == SaslMechanism::oauthbearer) return set_oauth(conf, s);
  conf.set("sasl.username", s.username);
  conf.set("sasl.password", s.password.reveal());
}

Status check_security(const ConnectionSpec& connection) {
  const SecuritySpec& s = connection.security;
  const std::string place = "connections." + connection.name + ".security";
  if (connection.brokers.empty())
    return fail(Fault::config, "`brokers` names no broker", "connections." + connection.name);
  if (!uses_sasl(s)) return {};
  if (s.mechanism == SaslMechanism::oauthbearer) {
    if (s.token_url.empty() || s.client_id.empty() || s.client_secret.empty())
      return fail(Fault::config, "OAUTHBEARER needs token_url, client_id and client_secret", place);
  } else if (s.username.empty() || s.password.empty()) {
    return fail(Fault::config, std::string(name_of(s.mechanism)) + " needs username and password", place);
  }
  return {};
}

std::vector<std::string> secrets_of(const SecuritySpec& s) {
  std::vector<std::string> secrets;
  for (const Secret* secret : {&s.password, &s.client_secret, &s.key_password})
    if (secret->reveal().size() >= 3) secrets.push_back(secret->reveal());
  return secrets;
}

}  // namespace

// Passes librdkafka's log on, within a limit that all clients of the process share.
struct KafkaClient::Log {
  std::vector<std::string> secrets;

  std::string masked(std::string text) const {
    for (const std::string& secret : secrets)
      for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
        text.replace(at, secret.size(), "***");
    return text;
  }

  void write(int severity, const char* kind, const char* text, const std::string& connection) const {
    static KafkaLogLimit limit;
    static const SystemClock clock;
    const auto left_out = limit.admit(connection, kind, text, clock.running());
    if (!left_out) return;
    // librdkafka calls a lost connection an error; to a daemon it is a warning, and the fetch says what it means.
    const log::Level level = severity <= 2   ? log::Level::error
                             : severity <= 4 ? log::Level::warn
                             : severity <= 6 ? log::Level::info
                                             : log::Level::debug;
    if (*left_out > 0) {
      log::write(level, "kafka client",
                 {{"connection", connection},
                  {"kind", kind},
                  {"text", masked(text)},
                  {"left_out", std::to_string(*left_out)}});
    } else {
      log::write(level, "kafka client", {{"connection", connection}, {"kind", kind}, {"text", masked(text)}});
    }
  }
};

// librdkafka's callbacks; the opaque pointer is the KafkaClient.
struct KafkaCallbacks {
  static void on_log(const rd_kafka_t* handle, int level, const char* kind, const char* text) {
    auto* client = static_cast<KafkaClient*>(rd_kafka_opaque(handle));
    if (client == nullptr) return;
    if (std::string_view(kind) == "FAIL") client->note_reason(client->log_->masked(text));
    client->log_->write(level, kind, text, client->connection_);
  }
  static void on_error(rd_kafka_t* handle, int code, const char* text, void* opaque) {
    auto* client = static_cast<KafkaClient*>(opaque);
    std::string reason = text == nullptr ? "" : text;
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      std::array<char, 512> fatal{};
      code = rd_kafka_fatal_error(handle, fatal.data(), fatal.size());
      reason = fatal.data();
    }
    client->complain(code, client->log_->masked(std::move(reason)));
  }
  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* client = static_cast<KafkaClient*>(opaque);
    if (client->deliveries_ != nullptr)
      client->deliveries_->delivered(reinterpret_cast<std::uintptr_t>(message->_private), message->err);
  }
};

KafkaClient::KafkaClient(std::string connection, std::vector<std::string> secrets, const Clock& clock)
    : connection_(std::move(connection)), clock_(clock), log_(std::make_unique<Log>()) {
  log_->secrets = std::move(secrets);
}

KafkaClient::~KafkaClient() {
  if (handle_ != nullptr) rd_kafka_destroy(handle_);
}

Status KafkaClient::check(const ConnectionSpec& connection) {
  TRY(check_kafka_properties(connection.properties, connection.name));
  return check_security(connection);
}

Result<std::shared_ptr<KafkaClient>> KafkaClient::make(const ConnectionSpec& connection, KafkaRole role,
                                                       const KafkaSettings& defaults, const KafkaSettings& fixed,
                                                       const Clock& clock) {
  TRY(check(connection));
  std::shared_ptr<KafkaClient> client(new KafkaClient(connection.name, secrets_of(connection.security), clock));
  Conf conf(connection.name);
  conf.set("client.id", "weir");
  conf.set("socket.keepalive.enable", "true");
  conf.set("socket.connection.setup.timeout.ms", "10000");
  conf.set("reconnect.backoff.max.ms", "2000");  // a broker that is back is found within seconds
  for (const auto& [name, value] : defaults) conf.set(name, value);
  for (const auto& [name, value] : connection.properties)
    if (kafka_property_applies(name, role)) conf.set(name, value);
  conf.set("bootstrap.servers", join(connection.brokers, ","));
  set_security(conf, connection.security);
  for (const auto& [name, value] : fixed) conf.set(name, value);
  TRY(conf.status());

  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_log_cb(conf.get(), &KafkaCallbacks::on_log);
  rd_kafka_conf_set_error_cb(conf.get(), &KafkaCallbacks::on_error);
  if (role == KafkaRole::producer) rd_kafka_conf_set_dr_msg_cb(conf.get(), &KafkaCallbacks::on_delivery);
  std::array<char, 512> text{};
  const auto type = role == KafkaRole::consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  client->handle_ = rd_kafka_new(type, conf.get(), text.data(), text.size());
  if (client->handle_ == nullptr)
    return fail(Fault::config, "the Kafka client cannot be made: " + client->log_->masked(text.data()),
                "connections." + connection.name);
  conf.release();  // librdkafka owns it now
  return client;
}

void KafkaClient::serve(std::chrono::milliseconds wait) const {
  rd_kafka_poll(handle_, static_cast<int>(wait.count()));
}

void KafkaClient::complain(int code, std::string text) {
  const std::lock_guard lock(mutex_);
  const bool again = complaint_ && is_refusal(complaint_->code) == is_refusal(code);
  if (complaint_ && is_refusal(complaint_->code) && !is_refusal(code)) return;  // "all brokers down" says less
  // "3/3 brokers are down" says less than each broker's own reason, which librdkafka repeats in its log only.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !reason_.empty()) text = reason_;
  // Whether librdkafka sees an SSL error or a closed connection is chance; only the first comes with its hint.
  if (text.find("Disconnected") != std::string::npos && text.find("in state SSL_HANDSHAKE") != std::string::npos)
    text += ": connecting to a PLAINTEXT broker listener? Check security.protocol";
  complaint_ = KafkaComplaint{code, std::move(text), clock_.running(), again ? complaint_->count + 1 : 1};
}

// A line of the log: "[thrd:NAME]: BROKER: REASON".
void KafkaClient::note_reason(std::string text) {
  const auto prefix = text.find("]: ");
  const std::lock_guard lock(mutex_);
  reason_ = prefix == std::string::npos ? std::move(text) : text.substr(prefix + 3);
}

std::optional<KafkaComplaint> KafkaClient::complaint() const {
  const std::lock_guard lock(mutex_);
  return complaint_;
}

void KafkaClient::clear_complaint() {
  const std::lock_guard lock(mutex_);
  complaint_.reset();
}

Error KafkaClient::complaint_or(const Error& otherwise) const {
  const auto complaint = this->complaint();
  return complaint ? to_error(complaint->code, complaint->text, "connections." + connection_) : otherwise;
}

bool is_refusal(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED: return true;
    default: return false;
  }
}

Error to_error(int code, const std::string& text, const std::string& place) {
  const std::string reason = text.empty() ? rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code)) : text;
  const auto config = [&](const std::string& what) {
    return Error{Fault::config, Retry::no, what + ": " + reason, place};
  };
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE: return config("Kafka refuses the credentials");
    case RD_KAFKA_RESP_ERR__SSL:
      return config("the TLS connection to Kafka fails, check security.protocol, ca_file and the broker's certificate");
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return config("this user has no right to the topic, grant it in Kafka's ACLs");
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: return config("this user has no right to the consumer group");
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return config("this user has no right to the cluster (IdempotentWrite)");
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return config("this user has no right to the transactional id");
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID: return config("the topic does not exist, make it or correct its name");
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return config("the partition does not exist");
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG: return config("Kafka does not take this name or value");
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE: return config("this broker is too old or too new for Weir");
    default: return Error{Fault::external, Retry::with_backoff, "Kafka cannot be used now: " + reason, place};
  }
}

std::string describe_connection(const ConnectionSpec& connection) {
  const SecuritySpec& s = connection.security;
  std::string text =
      "connection " + connection.name + " (" + join(connection.brokers, ", ") + ", " + std::string(name_of(s.protocol));
  if (uses_sasl(s)) {
    text += ", " + std::string(name_of(s.mechanism)) + ", ";
    text += s.mechanism == SaslMechanism::oauthbearer ? "client " + s.client_id : "user " + s.username;
  }
  return text + ")";
}

}  // namespace weir
