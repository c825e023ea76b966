// The one table of component names: every source and sink by the `type` that a file gives it.
#include <algorithm>
#include <iostream>
#include <string>

#include "base/check.h"
#include "connectors/console_sink.h"
#include "connectors/delta_sink.h"
#include "connectors/file_sink.h"
#include "connectors/kafka_sink.h"
#include "connectors/kafka_source.h"
#include "connectors/rate_source.h"
#include "pipeline/graph.h"
#include "pipeline/memory_share.h"

namespace weir {
namespace {

const ConnectionSpec& connection_of(const PipelineSpec& pipeline, const std::string& name) {
  const auto found = std::find_if(pipeline.connections.begin(), pipeline.connections.end(),
                                  [&](const ConnectionSpec& c) { return c.name == name; });
  CHECK(found != pipeline.connections.end(), "the loader resolved every connection");
  return *found;
}

std::uint64_t index_of(const PipelineSpec& pipeline, const SourceSpec& source) {
  std::uint64_t index = 0;
  while (pipeline.sources.at(index).name != source.name) ++index;
  return index;
}

// One session for all file and console sinks of a pipeline, opened when the first one is made.
struct IoSession {
  std::shared_ptr<Session> session;
  Result<std::shared_ptr<Session>> get(const PipelineSpec& pipeline) {
    SessionLimits limits;
    limits.memory = memory_share(pipeline, 4);
    if (!session) session = TRY(Session::open(SessionKind::io, limits));
    return session;
  }
};

Result<std::unique_ptr<Source>> make_source(const SourceSpec& spec, const PipelineSpec& pipeline, Clock& clock) {
  if (spec.type == "kafka") {
    KafkaSourceOptions options;
    options.name = spec.name;
    options.pipeline = pipeline.name;
    options.spec = spec.kafka;
    options.connection = connection_of(pipeline, spec.kafka.connection);
    options.queue_memory = memory_share(pipeline, 8);
    if (pipeline.trigger.kind == TriggerSpec::Kind::once) {  // all in one batch
      options.spec.max_records = UINT64_MAX;
      options.spec.max_bytes = Bytes(UINT64_MAX);
    }
    return TRY(KafkaSource::make(std::move(options), clock));
  }
  if (spec.type == "rate") return std::make_unique<RateSource>(spec.name, spec.rate, index_of(pipeline, spec), clock);
  return fail(Fault::config, "there is no source of type " + spec.type, spec.name);
}

// A broker's answers take real time, under a test's clock, too.
const Clock& real_time() {
  static const SystemClock* const clock = new SystemClock;  // sinks of any pipeline may use it to their end
  return *clock;
}

Result<std::unique_ptr<Sink>> make_sink(const SinkSpec& spec, const PipelineSpec& pipeline, IoSession& io) {
  if (spec.type == "file")
    return std::make_unique<FileSink>(pipeline.name, spec.name, spec.file, TRY(io.get(pipeline)));
  if (spec.type == "delta")
    return std::make_unique<DeltaSink>(pipeline.name, spec.name, spec.delta, TRY(io.get(pipeline)), real_time());
  if (spec.type == "console")
    return std::make_unique<ConsoleSink>(spec.name, spec.console, TRY(io.get(pipeline)), std::cout);
  if (spec.type == "kafka")
    return TRY(KafkaSink::make({pipeline.name, spec, connection_of(pipeline, spec.kafka.connection)}, real_time()));
  return fail(Fault::config, "there is no sink of type " + spec.type, spec.name);
}

}  // namespace

Components standard_components() {
  Components out;
  out.source = make_source;
  out.sink = [io = std::make_shared<IoSession>()](const SinkSpec& spec, const PipelineSpec& pipeline) {
    return make_sink(spec, pipeline, *io);
  };
  return out;
}

}  // namespace weir
