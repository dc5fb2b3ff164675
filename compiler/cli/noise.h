// Tensors to run a model on when only time matters: reproducible noise in, room for what comes out.
#pragma once

#include <vector>

#include "compiler/cli/session.h"

namespace sparsec::cli {

class NoiseTensors {
 public:
  explicit NoiseTensors(const LoadedModel& model);

  // As LoadedModel::run wants them; alive as long as this object.
  const std::vector<const void*>& in() const { return in_; }
  const std::vector<void*>& out() const { return out_; }

 private:
  std::vector<NpyArray> inputs_, outputs_;
  std::vector<const void*> in_;
  std::vector<void*> out_;
};

}  // namespace sparsec::cli
