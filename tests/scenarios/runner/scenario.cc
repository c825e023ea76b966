#include "scenarios/runner/scenario.h"

#include <stdexcept>

#include <yaml-cpp/yaml.h>

namespace weir::scenario {
namespace {

// Plain scalars become numbers, booleans or null as in JSON; quoted ones stay text.
Json to_json(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map: {
      Json out = Json::object();
      for (const auto& entry : node) out[entry.first.as<std::string>()] = to_json(entry.second);
      return out;
    }
    case YAML::NodeType::Sequence: {
      Json out = Json::array();
      for (const auto& entry : node) out.push_back(to_json(entry));
      return out;
    }
    case YAML::NodeType::Scalar: {
      if (node.Tag() == "!") return node.Scalar();
      const Json parsed = Json::parse(node.Scalar(), nullptr, false);
      return parsed.is_discarded() || parsed.is_object() || parsed.is_array() ? Json(node.Scalar()) : parsed;
    }
    default: return nullptr;
  }
}

std::optional<std::string> text_or_null(const YAML::Node& node) {
  if (!node || node.IsNull()) return std::nullopt;
  return node.as<std::string>();
}

InputRecord record(const YAML::Node& node) {
  InputRecord out;
  if (node.IsScalar()) {
    out.value = node.as<std::string>();
    return out;
  }
  out.topic = node["topic"].as<std::string>("");
  out.partition = PartitionId(node["partition"].as<std::int32_t>(0));
  out.key = text_or_null(node["key"]);
  if (node["binary"]) {  // hexadecimal, for bytes that YAML cannot hold
    const std::string hex = node["binary"].as<std::string>();
    out.value.emplace();
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      out.value->push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  } else {
    out.value = text_or_null(node["value"]);
  }
  out.timestamp_us = node["timestamp_us"].as<std::int64_t>(0);
  for (const auto& header : node["headers"])
    out.headers.emplace_back(header.first.as<std::string>(), header.second.as<std::string>());
  return out;
}

}  // namespace

Scenario read_scenario(const std::string& file) {
  const YAML::Node root = YAML::LoadFile(file);
  Scenario out;
  out.file = file;
  for (const auto& entry : root) {
    const std::string key = entry.first.as<std::string>();
    const bool known = key == "why" || key == "pipeline" || key == "input" || key == "want" || key == "dropped" ||
                       key == "error" || key == "spark";  // what `spark` says is for tests/parity alone
    if (!known) throw std::runtime_error(file + ": unknown key " + key);
  }
  out.pipeline = root["pipeline"].as<std::string>();
  for (const auto& source : root["input"])
    for (const auto& entry : source.second) out.input[source.first.as<std::string>()].push_back(record(entry));
  for (const auto& sink : root["want"]) {
    auto& rows = out.want[sink.first.as<std::string>()];
    for (const auto& row : sink.second) rows.push_back(to_json(row));
  }
  for (const auto& reason : root["dropped"])
    out.dropped[reason.first.as<std::string>()] = reason.second.as<std::uint64_t>();
  out.error = root["error"].as<std::string>("");
  return out;
}

}  // namespace weir::scenario
