// Who makes and who reads each value.
#include "compiler/ir/graph.h"

#include <algorithm>

namespace sparsec {

ValueId Graph::add_constant(std::string name, Tensor t) {
  Value v{.name = std::move(name), .type = t.type, .shape = t.shape, .constant = {}, .quant = {}};
  v.constant = share(std::move(t));
  return add_value(std::move(v));
}

std::vector<int32_t> Graph::producers() const {
  std::vector<int32_t> producer(values.size(), -1);
  for (size_t n = 0; n < nodes.size(); ++n) {
    for (ValueId id : nodes[n].outputs) producer[size_t(id)] = int32_t(n);
  }
  return producer;
}

std::vector<std::vector<int32_t>> Graph::consumers() const {
  std::vector<std::vector<int32_t>> readers(values.size());
  for (size_t n = 0; n < nodes.size(); ++n) {
    for (ValueId id : nodes[n].inputs) {
      if (id != kNoValue) readers[size_t(id)].push_back(int32_t(n));
    }
  }
  return readers;
}

bool Graph::is_output(ValueId id) const { return std::ranges::find(outputs, id) != outputs.end(); }

}  // namespace sparsec
