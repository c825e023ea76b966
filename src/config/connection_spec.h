#pragma once
// Where a broker is and how to prove who we are. Threads: plain values.

#include <map>
#include <string>
#include <vector>

#include "config/secret.h"

namespace weir {

enum class SecurityProtocol { plaintext, ssl, sasl_plaintext, sasl_ssl };
enum class SaslMechanism { plain, scram_sha_256, scram_sha_512, oauthbearer };

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

struct ConnectionSpec {
  std::string name;
  std::string type = "kafka";
  std::vector<std::string> brokers;
  SecuritySpec security;
  std::map<std::string, std::string> properties;  // librdkafka's names, only those of the allow-list
};

}  // namespace weir
