// `benchmark --streams S`: several contexts of one model at work at once, each with its share of the threads and
// tensors of its own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/cli/noise.h"
#include "compiler/cli/session.h"

namespace sparsec::cli {

// How batches come: one after the other (sync), or from several streams at once (async).
struct Scenario {
  bool async = false;
  int streams = 1;
};

// As the user asked: `name` is "sync", "async" or empty, which is async where more than one stream is asked for. Async
// has a stream for every two threads where `streams` is not given. Throws CompileError, which names `model`, where sync
// would have several streams, or threads are fewer than streams.
Scenario scenario_of(const std::string& name, std::optional<int> streams, const LoadOptions& options,
                     const std::string& model);

// What the context of one stream is made with.
LoadOptions options_of_stream(const Scenario& scenario, const LoadOptions& options, int stream);

// The streams of a scenario: a loaded model, made with the options of stream 0, is the first. It must outlive this.
class Streams {
 public:
  Streams(const LoadedModel& first, const Scenario& scenario, const LoadOptions& options);

  const Scenario& scenario() const { return scenario_; }
  int threads() const;  // of all streams
  // One run of each stream's context; for benchmark_streams, while this lives.
  std::vector<std::function<void()>> runs() const;
  const NoiseTensors& tensors(size_t stream) const { return tensors_[stream]; }

 private:
  Scenario scenario_;
  const LoadedModel& first_;
  std::vector<LoadedModel> others_;
  std::vector<NoiseTensors> tensors_;
};

}  // namespace sparsec::cli
