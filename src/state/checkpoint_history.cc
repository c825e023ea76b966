#include "state/checkpoint_history.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "state/checkpoint_layout.h"

namespace weir {
namespace {

Result<std::string> meta(Database& database, const char* key) {
  auto value = TRY(database.get(layout::meta, key));
  if (!value) return fail(damaged(fmt::format("it lacks its {}", key)));
  return *std::move(value);
}

Result<std::uint64_t> meta_number(Database& database, const char* key) {
  const std::string text = TRY(meta(database, key));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(damaged(fmt::format("its {} is '{}'", key, text)));
  return number;
}

// A text of ours that cannot be read is damage of the checkpoint, whatever the codec says.
tl::unexpected<Error> unreadable(Error error) {
  return error.fault == Fault::config ? fail(std::move(error)) : fail(damaged(error.message));
}

Result<std::vector<Plan>> read_plans(Database& database) {
  std::vector<Plan> plans;
  TRY(database.scan(layout::plans, "", "", [&](std::string_view key, std::string_view value) -> Status {
    auto plan = decode_plan(value);
    if (!plan) return unreadable(plan.error());
    if (layout::batch_key(plan->number) != key) return fail(damaged("a plan stands under another batch's number"));
    plans.push_back(*std::move(plan));
    return {};
  }));
  return plans;
}

Result<std::vector<Commit>> read_commits(Database& database) {
  std::vector<Commit> commits;
  TRY(database.scan(layout::commits, "", "", [&](std::string_view key, std::string_view value) -> Status {
    auto commit = decode_commit(value);
    if (!commit) return unreadable(commit.error());
    if (layout::batch_key(commit->number) != key) return fail(damaged("a commit stands under another batch's number"));
    commits.push_back(*std::move(commit));
    return {};
  }));
  return commits;
}

template <class T>
Status without_hole(const std::vector<T>& list, const char* what) {
  for (std::size_t i = 1; i < list.size(); ++i) {
    if (list[i].number != list[i - 1].number.next())
      return fail(damaged(fmt::format("the {} of batch {} is missing", what, list[i - 1].number.next().value)));
  }
  return {};
}

Status check_families(Database& database) {
  const std::vector<std::string> there = database.families();
  const std::string begin(layout::meta_family);
  return database.scan(layout::meta, begin, begin + "\xff", [&](std::string_view key, std::string_view) -> Status {
    const std::string family(key.substr(begin.size()));
    if (std::find(there.begin(), there.end(), family) != there.end()) return {};
    return fail(damaged(fmt::format("the state of {} is gone", family)));
  });
}

}  // namespace

Error damaged(const std::string& what) {
  return {Fault::config, Retry::no,
          "the checkpoint is damaged: restore it from a backup (weir checkpoint restore), or give the pipeline another "
          "checkpoint.path: " +
              what};
}

Status refuse_newer(const Identity& identity) {
  if (identity.format <= layout::format) return {};
  return fail(Fault::config, fmt::format("the checkpoint was written by a newer Weir (format {}, this one reads up to "
                                         "{}): run that version or a newer one",
                                         identity.format, layout::format));
}

Result<Identity> read_identity(Database& database) {
  Identity identity;
  identity.format = static_cast<int>(TRY(meta_number(database, layout::meta_format)));
  TRY(refuse_newer(identity));
  identity.pipeline = TRY(meta(database, layout::meta_pipeline));
  identity.writer = TRY(meta(database, layout::meta_writer));
  identity.secret = TRY(meta(database, layout::meta_secret));
  identity.epoch = Epoch(TRY(meta_number(database, layout::meta_epoch)));
  return identity;
}

Result<History> read_history(Database& database) {
  auto plans = TRY(read_plans(database));
  auto commits = TRY(read_commits(database));
  History history{std::move(plans), std::move(commits)};
  TRY(without_hole(history.plans, "plan"));
  TRY(without_hole(history.commits, "commit"));

  const auto last_plan = TRY(meta_number(database, layout::meta_last_plan));
  const auto last_commit = TRY(meta_number(database, layout::meta_last_commit));
  if (last_plan != (history.plans.empty() ? 0 : history.plans.back().number.value))
    return fail(damaged(fmt::format("plan {} was written and is gone", last_plan)));
  if (last_commit != (history.commits.empty() ? 0 : history.commits.back().number.value))
    return fail(damaged(fmt::format("commit {} was written and is gone", last_commit)));
  if (last_plan != last_commit && last_plan != last_commit + 1)
    return fail(damaged(fmt::format("plan {} stands beside commit {}", last_plan, last_commit)));

  std::set<std::string> specs;
  TRY(database.scan(layout::specs, "", "", [&](std::string_view hash, std::string_view) -> Status {
    specs.emplace(hash);
    return {};
  }));
  for (const Plan& plan : history.plans) {
    if (!specs.contains(plan.spec_hash))
      return fail(damaged(fmt::format("the spec of batch {} is missing", plan.number.value)));
  }
  if (!history.commits.empty() &&
      (history.plans.empty() || history.plans.front().number != history.commits.front().number))
    return fail(damaged("plans and commits do not begin with the same batch"));
  for (std::size_t i = 0; i < history.commits.size(); ++i) {
    if (history.commits[i].plan_hash != history.plans[i].hash())
      return fail(damaged(fmt::format("batch {} was committed under another plan", history.plans[i].number.value)));
  }
  TRY(check_families(database));
  return history;
}

}  // namespace weir
