#include "config/rules.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

#include "base/letter_case.h"
#include "config/units.h"

namespace weir {
namespace {

bool is_topic(std::string_view name) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), fits);
}

// "host:port", or several with commas between: one environment variable may hold them all.
bool is_host_and_port(std::string_view broker) {
  if (const std::size_t comma = broker.find(','); comma != std::string_view::npos)
    return is_host_and_port(broker.substr(0, comma)) && is_host_and_port(broker.substr(comma + 1));
  const std::size_t colon = broker.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  int port = 0;
  const std::string_view digits = broker.substr(colon + 1);
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (fault != std::errc{} || end != digits.data() + digits.size() || port < 1 || port > 65535) return false;
  return broker.find_first_of(" ,/@\t") == std::string_view::npos;
}

// All rules of one pipeline.
class PipelineRules {
 public:
  PipelineRules(Reading& reading, const PipelineSpec& pipeline)
      : reading_(reading), rules_(reading), pipeline_(pipeline) {}

  void check() {
    if (pipeline_.sources.empty()) rules_.error("sources", "a pipeline has at least one source; name one here");
    if (pipeline_.sinks.empty()) rules_.error("sinks", "a pipeline has at least one sink; name one here");
    for (const ConnectionSpec& connection : pipeline_.connections) check_connection(connection);
    for (const SourceSpec& source : pipeline_.sources) check_source(source);
    for (const StepSpec& step : pipeline_.steps) check_step(step);
    for (const SinkSpec& sink : pipeline_.sinks) check_sink(sink, join_path("sinks", sink.name));
    if (pipeline_.dead_letter) check_sink(*pipeline_.dead_letter, "dead_letter");
    check_places_apart();
    lint();
  }

 private:
  void check_connection(const ConnectionSpec& connection) {
    const std::string path = join_path("connections", connection.name);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < connection.brokers.size(); ++i) {
      const std::string at = path + ".brokers[" + std::to_string(i) + "]";
      const std::string& broker = connection.brokers[i];
      if (broker == "-") continue;  // a reference that is not resolved
      if (!is_host_and_port(broker)) rules_.error(at, "no broker; write host:port, as kafka-1:9092");
      if (!seen.insert(broker).second) rules_.error(at, "this broker is named twice; remove one");
    }
    if (connection.brokers.empty())
      rules_.error(path + ".brokers", "names no broker; write at least one, as [\"kafka-1:9092\"]");
    check_security(connection.security, path + ".security");
    check_properties(connection, path + ".properties");
  }

  void check_properties(const ConnectionSpec& connection, const std::string& path) {
    const auto& check = reading_.options().check_kafka_property;
    if (!check) return;
    for (const auto& [name, value] : connection.properties)
      if (const std::string fault = check(name); !fault.empty()) rules_.error(join_path(path, name), fault);
  }

  // A key that the chosen protocol or mechanism does not use would mislead whoever reads the file.
  void refuse(bool is_set, const std::string& path, const std::string& message) {
    if (is_set) rules_.error(path, message);
  }
  void need(bool is_set, const std::string& path, const std::string& message) {
    if (!is_set) rules_.error(path, message);
  }

  void check_security(const SecuritySpec& s, const std::string& path) {
    const bool tls = s.protocol == SecurityProtocol::ssl || s.protocol == SecurityProtocol::sasl_ssl;
    const bool sasl = s.protocol == SecurityProtocol::sasl_plaintext || s.protocol == SecurityProtocol::sasl_ssl;
    const bool token = sasl && s.mechanism == SaslMechanism::oauthbearer;
    const bool password = sasl && !token;
    if (reading_.reported(path + ".protocol") || reading_.reported(path + ".mechanism")) return;
    if (password) {
      need(!s.username.empty(), path + ".username", "this mechanism needs a user name; add username:");
      need(!s.password.empty(), path + ".password", "this mechanism needs a password; add password: \"${file:/path}\"");
    } else {
      refuse(!s.username.empty(), path + ".username",
             "only SASL with PLAIN or SCRAM takes a user name; set protocol and mechanism, or remove it");
      refuse(!s.password.empty(), path + ".password",
             "only SASL with PLAIN or SCRAM takes a password; set protocol and mechanism, or remove it");
    }
    if (token) {
      need(!s.token_url.empty(), path + ".token_url",
           "OAUTHBEARER needs the address that gives tokens; add token_url:");
      need(!s.client_id.empty(), path + ".client_id",
           "OAUTHBEARER needs the client that asks for tokens; add client_id:");
      need(!s.client_secret.empty(), path + ".client_secret",
           "OAUTHBEARER needs the client's secret; add client_secret: \"${file:/path}\"");
    } else {
      const std::string only = "only the mechanism OAUTHBEARER takes this; set protocol and mechanism, or remove it";
      refuse(!s.token_url.empty(), path + ".token_url", only);
      refuse(!s.client_id.empty(), path + ".client_id", only);
      refuse(!s.client_secret.empty(), path + ".client_secret", only);
      refuse(!s.scope.empty(), path + ".scope", only);
    }
    check_certificates(s, path, tls);
  }

  void check_certificates(const SecuritySpec& s, const std::string& path, bool tls) {
    if (!tls) {
      const std::string only = "only the protocols SSL and SASL_SSL take this; set protocol, or remove it";
      refuse(!s.ca_file.empty(), path + ".ca_file", only);
      refuse(!s.certificate_file.empty(), path + ".certificate_file", only);
      refuse(!s.key_file.empty(), path + ".key_file", only);
      refuse(!s.key_password.empty(), path + ".key_password", only);
      refuse(!s.verify_hostname, path + ".verify_hostname", only);
      return;
    }
    if (!s.certificate_file.empty())
      need(!s.key_file.empty(), path + ".key_file", "a certificate needs its private key; add key_file:");
    if (!s.key_file.empty())
      need(!s.certificate_file.empty(), path + ".certificate_file",
           "a private key needs its certificate; add certificate_file:");
    if (!s.key_password.empty())
      need(!s.key_file.empty(), path + ".key_file", "a key's password needs the key; add key_file:");
  }

  void check_topic(const std::string& topic, const std::string& path) {
    if (!topic.empty() && topic != "-" && !is_topic(topic))
      rules_.error(path, "\"" + shown(topic) + "\" is no topic; a topic has letters, digits, . _ and -, at most 249");
  }

  void check_source(const SourceSpec& source) {
    if (source.type != "kafka") return;
    const KafkaSourceSpec& kafka = source.kafka;
    const std::string path = join_path("sources", source.name);
    if (kafka.topics.empty() && kafka.topic_pattern.empty())
      rules_.error(path + ".topics", "names no topic; add topics: [name], or topic_pattern:");
    if (!kafka.topics.empty() && !kafka.topic_pattern.empty())
      rules_.error(path + ".topic_pattern", "topics names them already; keep one of the two");
    std::set<std::string> topics;
    for (std::size_t i = 0; i < kafka.topics.size(); ++i) {
      const std::string at = path + ".topics[" + std::to_string(i) + "]";
      check_topic(kafka.topics[i], at);
      if (!topics.insert(kafka.topics[i]).second) rules_.error(at, "this topic is named twice; remove one");
    }
    for (const auto& [topic, offsets] : kafka.start.offsets)
      if (!kafka.topics.empty() && !topics.contains(topic))
        rules_.error(join_path(path + ".start", topic),
                     "this topic is not under topics; add it there, or remove it here");
    check_rate(kafka.rate, path + ".rate");
    check_metadata(kafka, path);
  }

  void check_rate(const RateLimitSpec& rate, const std::string& path) {
    if (rate.records_per_second && rate.per_partition && *rate.per_partition > *rate.records_per_second)
      rules_.error(path + ".per_partition", "is above records_per_second, so it limits nothing; lower it or remove it");
  }

  void check_metadata(const KafkaSourceSpec& kafka, const std::string& path) {
    std::set<MetadataColumn> seen;
    for (std::size_t i = 0; i < kafka.metadata.size(); ++i)
      if (!seen.insert(kafka.metadata[i]).second)
        rules_.error(path + ".metadata[" + std::to_string(i) + "]", "this column is named twice; remove one");
    for (const auto& named : names_of(MetadataColumn{})) {
      const std::string column = "_" + std::string(named.name);
      const auto& fields = kafka.format.contract.fields;
      const bool clash =
          seen.contains(named.value) &&
          std::any_of(fields.begin(), fields.end(), [&](const FieldSpec& f) { return f.name == column; });
      if (clash)
        rules_.error(path + ".metadata", "the contract has a field " + column + " too; remove \"" +
                                             std::string(named.name) + "\" here, or rename the field");
    }
  }

  void check_step(const StepSpec& step) {
    const std::string path = join_path("steps", step.name);
    if (step.state != OnOtherState::refuse && !step.is_stateful())
      rules_.error(path + ".state", "this step remembers nothing; remove it");
    if (const auto* select = std::get_if<SelectSpec>(&step.body)) check_select(*select, path + ".select");
    if (const auto* expect = std::get_if<ExpectSpec>(&step.body)) check_expect(*expect, path + ".expect");
    if (const auto* flatten = std::get_if<FlattenSpec>(&step.body)) check_flatten(*flatten, path + ".flatten");
    if (const auto* dedup = std::get_if<DedupSpec>(&step.body)) check_dedup(reading_, *dedup, path + ".dedup");
    if (const auto* aggregate = std::get_if<AggregateSpec>(&step.body))
      check_aggregate(reading_, *aggregate, path + ".aggregate");
  }

  void check_select(const SelectSpec& select, const std::string& path) {
    if (select.columns.empty() && !select.all)
      rules_.error(path, "makes no column; name at least one, as {amount: \"amount\"}");
    if (select.columns.empty() && select.all)
      rules_.error(path, "changes nothing; name a column beside \"*\", or remove the step");
    std::set<std::string> seen;
    for (const auto& [name, sql] : select.columns) check_column_name(name, join_path(path, name), seen);
  }

  void check_flatten(const FlattenSpec& flatten, const std::string& path) {
    std::set<std::string> seen;
    check_column_name(flatten.column, path + ".column", seen);
    if (!flatten.as.empty() && flatten.as != flatten.column) check_column_name(flatten.as, path + ".as", seen);
    if (!flatten.position.empty()) check_column_name(flatten.position, path + ".position", seen);
  }

  void check_column_name(const std::string& name, const std::string& path, std::set<std::string>& seen) {
    const std::string folded = lower_case(name);
    if (name.find_first_not_of(" \t") == std::string::npos || name.size() > 255 ||
        name.find('\0') != std::string::npos) {
      rules_.error(path, "is no name of a column; give it 1 to 255 characters");
    } else if (folded == "_src" || folded == "_op" || folded == "_fate") {
      rules_.error(path, "the column " + folded + " is Weir's own; choose another name");
    } else if (!seen.insert(folded).second) {
      rules_.error(path, "two columns differ in upper and lower case only, SQL takes them for one; rename one");
    }
  }

  void check_expect(const ExpectSpec& expect, const std::string& path) {
    if (expect.rules.empty()) rules_.error(path, "has no expectation; name at least one");
    for (const ExpectationSpec& rule : expect.rules) {
      const std::string at = join_path(path, rule.name);
      if (at.ends_with(']'))
        rules_.error(at, "\"" + shown(rule.name) + "\" is no name; a name has letters, digits, _ and -, at most 80");
      if (rule.owner.empty()) rules_.lint(at, "nobody owns this expectation; add owner:");
    }
  }

  void check_sink(const SinkSpec& sink, const std::string& path) {
    if (sink.retry.first > sink.retry.max)
      rules_.error(path + ".retry.first",
                   "is longer than retry.max (" + format_duration(sink.retry.max) + "); lower it or raise max");
    if (sink.type == "file") check_file_sink(sink.file, path, sink.name.empty());
    if (sink.type == "delta") check_named_once(sink.delta.partition_by, path + ".partition_by");
    if (sink.type == "kafka") check_topic(sink.kafka.topic, path + ".topic");
  }

  void check_file_sink(const FileSinkSpec& file, const std::string& path, bool) {
    if (file.compression == "snappy" && file.format != FileFormat::parquet)
      rules_.error(path + ".compression", "only parquet takes snappy; write none, gzip or zstd");
    check_named_once(file.partition_by, path + ".partition_by");
  }

  void check_named_once(const std::vector<std::string>& columns, const std::string& path) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (!seen.insert(columns[i]).second)
        rules_.error(path + "[" + std::to_string(i) + "]", "this column is named twice; remove one");
  }

  // Two writers of one folder, or a folder within another's, would take each other's files for their own. Only a Delta table
  // may have several sinks.
  void check_places_apart() {
    struct Place {
      std::string folder;
      std::string key;  // that names it
      bool table;
    };
    std::vector<Place> places;
    const auto add = [&](const std::string& folder, const std::string& path, bool table) {
      if (folder.empty()) return;
      for (const Place& other : places) {
        const bool inside = is_within(folder, other.folder);
        const bool around = is_within(other.folder, folder);
        if (table && other.table && inside && around) continue;
        if (inside || around)
          return rules_.error(
              path, "is the folder of " + other.key + ", within it or around it; give each a folder of its own");
      }
      places.push_back({folder, path, table});
    };
    const auto add_sink = [&](const SinkSpec& sink, const std::string& path) {
      if (sink.type == "file") add(sink.file.path, path + ".path", false);
      if (sink.type == "delta") add(sink.delta.path, path + ".path", true);
    };
    for (const SinkSpec& sink : pipeline_.sinks) add_sink(sink, join_path("sinks", sink.name));
    if (pipeline_.dead_letter) add_sink(*pipeline_.dead_letter, "dead_letter");
    add(pipeline_.checkpoint.path, "checkpoint.path", false);
  }

  static bool is_within(const std::string& inner, const std::string& outer) {
    const auto strip = [](std::string text) {
      while (text.size() > 1 && text.ends_with('/')) text.pop_back();
      return text;
    };
    const std::string in = strip(inner);
    const std::string out = strip(outer);
    return in == out || in.starts_with(out == "/" ? out : out + "/");
  }

  void lint() {
    if (pipeline_.owner.empty()) rules_.lint("owner", "nobody owns this pipeline; add owner:");
    if (pipeline_.checkpoint.path.empty())
      rules_.lint("checkpoint",
                  "no checkpoint; add checkpoint: {path: ...}, or a restart cannot go on where it stopped");
    if (!pipeline_.dead_letter && can_reject())
      rules_.lint("dead_letter", "records can be rejected here, and there is no place for them; add dead_letter:");
    lint_loops();
  }

  bool can_reject() const {
    return std::any_of(pipeline_.sources.begin(), pipeline_.sources.end(),
                       [](const SourceSpec& s) { return s.type == "kafka"; }) ||
           !pipeline_.steps.empty();
  }

  void lint_loops() {
    for (const SinkSpec& sink : pipeline_.sinks)
      for (const SourceSpec& source : pipeline_.sources) {
        const auto& topics = source.kafka.topics;
        const bool loop = sink.type == "kafka" && source.type == "kafka" &&
                          sink.kafka.connection == source.kafka.connection &&
                          std::find(topics.begin(), topics.end(), sink.kafka.topic) != topics.end();
        if (loop)
          rules_.lint(join_path("sinks", sink.name) + ".topic",
                      "the pipeline reads this topic too; what it writes comes back to it");
      }
  }

  Reading& reading_;
  Rules rules_;
  const PipelineSpec& pipeline_;
};

}  // namespace

void check_pipeline(Reading& reading, const PipelineSpec& pipeline) { PipelineRules(reading, pipeline).check(); }

}  // namespace weir
