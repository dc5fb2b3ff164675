// Runs a graph as machine code (assembled, loaded, run by the runtime, in columns) on every instruction set of this
// machine.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "compiler/engine/engine.h"

namespace sparsec::testing {

inline sparsec_type type_of(DType type) { return type == DType::u8 ? SPARSEC_U8 : SPARSEC_F32; }

inline std::vector<TensorImage> tensors(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<TensorImage> out;
  for (const ValueId v : ids) out.push_back({graph.value(v).name, type_of(graph.value(v).type), graph.value(v).shape});
  return out;
}

struct Cut {
  int32_t strips = 1;
  int threads = 2;
};

inline ModelImage image_of(const Graph& graph, int32_t strips) {
  PlanOptions options;
  options.strips = strips;
  options.l2_bytes = 16 << 10;
  options.band_tiles = 1;
  ModelImage image;
  image.name = "random";
  image.source = graph.meta.path;
  image.sha256 = std::string(64, '0');
  image.compiler = "sparsec";
  image.inputs = tensors(graph, graph.inputs);
  image.outputs = tensors(graph, graph.outputs);
  for (const Isa* isa : host_isas()) image.programs.push_back(make_plan(graph, *isa, options).program);
  return image;
}

// `want` holds the outputs by value, bit for bit.
inline void expect_machine_code_gives(const Graph& graph, const std::vector<TensorPtr>& inputs,
                                      const std::map<ValueId, TensorPtr>& want, const Cut& cut = {}) {
  const engine::Library library = engine::load(image_of(graph, cut.strips));
  const sparsec_runtime_api& runtime = library.runtime();
  for (const Isa* isa : host_isas()) {
    std::array<char, 256> error{};
    const std::string name(isa->name);
    sparsec_rt_options options{};
    options.struct_bytes = sizeof options;
    options.threads = cut.threads;
    options.isa = name.c_str();
    options.error = error.data();
    options.error_bytes = error.size();
    sparsec_rt_context* context = nullptr;
    ASSERT_EQ(runtime.create(&library.model(), &options, &context), SPARSEC_OK) << error.data();
    std::vector<const void*> in;
    for (const TensorPtr& t : inputs) in.push_back(t->bytes.data());
    std::vector<Tensor> got;
    for (const ValueId v : graph.outputs) got.emplace_back(graph.value(v).type, graph.value(v).shape);
    std::vector<void*> out;
    for (Tensor& t : got) out.push_back(t.bytes.data());
    for (int twice = 0; twice < 2; ++twice) {  // the second time in an arena that has been used
      ASSERT_EQ(runtime.run(context, in.data(), out.data()), SPARSEC_OK);
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(got[i].bytes, want.at(graph.outputs[i])->bytes)
            << graph.value(graph.outputs[i]).name << " on " << name;
    }
    runtime.destroy(context);
  }
}

}  // namespace sparsec::testing
