#include "pipeline/used_fields.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/letter_case.h"

namespace weir {
namespace {

bool is_of_a_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// `text` and `word` in lower case.
bool has_word(const std::string& text, const std::string& word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_of_a_word(text[at - 1]) || !is_of_a_word(word.front());
    const std::size_t end = at + word.size();
    const bool ends = end == text.size() || !is_of_a_word(text[end]) || !is_of_a_word(word.back());
    if (begins && ends) return true;
  }
  return false;
}

// Gathers the texts behind an edge; false where whole rows come out of the pipeline.
class Reach {
 public:
  explicit Reach(const PipelineSpec& pipeline) : pipeline_(pipeline) {}

  bool follow(const std::string& edge) {
    for (const SinkSpec& sink : pipeline_.sinks)
      if (sink.from == edge) return false;
    return std::all_of(pipeline_.steps.begin(), pipeline_.steps.end(),
                       [&](const StepSpec& step) { return step.from != edge || enter(step); });
  }

  std::string take() { return std::move(texts_); }
  void add(std::string_view text) { texts_ += lower_case(text) + "\n"; }

 private:
  bool enter(const StepSpec& step) {
    return std::visit([&](const auto& body) { return enter(step.name, body); }, step.body);
  }

  bool enter(const std::string& name, const FilterSpec& filter) {
    add(filter.condition);
    return follow(name);
  }
  bool enter(const std::string& name, const ExpectSpec& expect) {
    for (const ExpectationSpec& rule : expect.rules) add(rule.check);
    return follow(name);
  }
  bool enter(const std::string& name, const DedupSpec& dedup) {
    for (const std::string& column : dedup.key) add(column);
    return follow(name);
  }
  bool enter(const std::string& name, const SelectSpec& select) {
    for (const auto& [column, sql] : select.columns) add(sql);
    return !select.all || follow(name);
  }
  bool enter(const std::string&, const AggregateSpec& aggregate) {
    for (const GroupKeySpec& key : aggregate.by) {
      add(key.column);
      for (const auto& [column, sql] : key.expression) add(sql);
    }
    for (const auto& [column, sql] : aggregate.select) add(sql);
    return true;
  }
  // What is not known here may use anything.
  template <class Other>
  bool enter(const std::string&, const Other&) {
    return false;
  }

  const PipelineSpec& pipeline_;
  std::string texts_;
};

}  // namespace

std::optional<std::vector<std::string>> used_fields(const PipelineSpec& pipeline, const SourceSpec& source) {
  Reach reach(pipeline);
  if (!reach.follow(source.name)) return std::nullopt;
  if (source.watermark) reach.add(source.watermark->column);
  const std::string texts = reach.take();
  std::vector<std::string> out;
  for (const FieldSpec& field : source.kafka.format.contract.fields) {
    const bool plain = std::all_of(field.name.begin(), field.name.end(), [](char c) { return (c & 0x80) == 0; });
    if (!plain || has_word(texts, lower_case(field.name))) out.push_back(field.name);
  }
  return out;
}

}  // namespace weir
