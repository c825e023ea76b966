#pragma once
// Where a broker is and how to prove who we are. Threads: plain values.

#include <array>
#include <map>
#include <string>
#include <vector>

#include "config/about.h"
#include "config/secret.h"

namespace weir {

enum class SecurityProtocol { plaintext, ssl, sasl_plaintext, sasl_ssl };
enum class SaslMechanism { plain, scram_sha_256, scram_sha_512, oauthbearer };

constexpr auto names_of(SecurityProtocol) {
  return std::array{
      Named<SecurityProtocol>{SecurityProtocol::plaintext, "PLAINTEXT", "neither encrypted nor authenticated"},
      Named<SecurityProtocol>{SecurityProtocol::ssl, "SSL", "TLS; with certificate_file and key_file, mutual TLS"},
      Named<SecurityProtocol>{SecurityProtocol::sasl_plaintext, "SASL_PLAINTEXT", "authenticated, not encrypted"},
      Named<SecurityProtocol>{SecurityProtocol::sasl_ssl, "SASL_SSL", "authenticated over TLS"}};
}
constexpr auto names_of(SaslMechanism) {
  return std::array{
      Named<SaslMechanism>{SaslMechanism::plain, "PLAIN", "user name and password"},
      Named<SaslMechanism>{SaslMechanism::scram_sha_256, "SCRAM-SHA-256", "user name and password, never sent as text"},
      Named<SaslMechanism>{SaslMechanism::scram_sha_512, "SCRAM-SHA-512", "the same with SHA-512"},
      Named<SaslMechanism>{SaslMechanism::oauthbearer, "OAUTHBEARER", "a token fetched from token_url"}};
}

struct SecuritySpec {
  SecurityProtocol protocol = SecurityProtocol::plaintext;
  SaslMechanism mechanism = SaslMechanism::plain;
  std::string username;
  Secret password;
  std::string ca_file;           // PEM; empty: the system's
  std::string certificate_file;  // PEM, for mutual TLS
  std::string key_file;
  Secret key_password;
  bool verify_hostname = true;
  std::string token_url;  // OAUTHBEARER: the identity provider's token end point
  std::string client_id;
  Secret client_secret;
  std::string scope;
};

template <class V>
void describe(V& v, SecuritySpec& s) {
  v.field("protocol", s.protocol, {.doc = "How the connection is protected."});
  v.field("mechanism", s.mechanism, {.doc = "How SASL proves who we are. Needs a SASL protocol."});
  v.field("username", s.username, {.doc = "For PLAIN and SCRAM.", .example = "\"${env:KAFKA_USER}\""});
  v.field("password", s.password, {.doc = "For PLAIN and SCRAM.", .example = "\"${file:/run/secrets/kafka}\""});
  v.field("ca_file", s.ca_file,
          {.doc = "PEM file of the authorities that broker certificates are checked against.",
           .text = Text::path,
           .default_text = "the system's"});
  v.field("certificate_file", s.certificate_file,
          {.doc = "PEM file of our certificate, for mutual TLS.", .text = Text::path});
  v.field("key_file", s.key_file, {.doc = "PEM file of its private key.", .text = Text::path});
  v.field("key_password", s.key_password, {.doc = "Of the private key, where it is encrypted."});
  v.field("verify_hostname", s.verify_hostname,
          {.doc = "Whether the broker's certificate must name the host that we called."});
  v.field("token_url", s.token_url,
          {.doc = "OAUTHBEARER: the identity provider's token end point.", .text = Text::url});
  v.field("client_id", s.client_id, {.doc = "OAUTHBEARER: who asks for the token."});
  v.field("client_secret", s.client_secret, {.doc = "OAUTHBEARER: its secret."});
  v.field("scope", s.scope, {.doc = "OAUTHBEARER: what the token is asked for."});
}

struct ConnectionSpec {
  static constexpr bool keyed_by_name = true;
  std::string name;
  std::string type = "kafka";
  std::vector<std::string> brokers;
  SecuritySpec security;
  std::map<std::string, std::string> properties;  // librdkafka's names, only those of the allow-list
};

template <class V>
void describe(V& v, ConnectionSpec& s) {
  v.field("type", s.type, {.doc = "What is connected to.", .required = true, .allowed = {"kafka"}});
  v.field("brokers", s.brokers,
          {.doc = "Some brokers of the cluster, as host:port; the others are found through them.",
           .required = true,
           .example = "[\"kafka-1:9093\", \"kafka-2:9093\"]"});
  v.field("security", s.security, {.doc = "Encryption and credentials."});
  v.field("properties", s.properties,
          {.doc = "Properties of librdkafka by their own names; only those that cannot break a promise of Weir."});
}

}  // namespace weir
