// Machine code stays inside what it is given: the arena, the inputs and the outputs each end where a page begins that
// may not be touched, and outputs are preceded by bytes that must not change.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "compiler/compile.h"
#include "compiler/engine/engine.h"
#include "tests/verify/tiny_models.h"

namespace sparsec {
namespace {

// `bytes` that end at a page which may not be touched; in front of them a byte pattern.
class Guarded {
 public:
  static constexpr std::byte kCanary{0x5c};

  explicit Guarded(size_t bytes) {
    const size_t page = size_t(sysconf(_SC_PAGESIZE)), room = (bytes + 2 * page - 1) / page * page;
    length_ = room + page;
    start_ =
        static_cast<std::byte*>(mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SPARSEC_CHECK(start_ != MAP_FAILED, "no memory");
    SPARSEC_CHECK(mprotect(start_ + room, page, PROT_NONE) == 0, "no guard page");
    data_ = start_ + room - bytes;
    std::memset(start_, int(kCanary), size_t(data_ - start_));
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(start_, length_); }

  std::byte* data() { return data_; }
  bool is_whole() const {
    return std::all_of(start_, data_, [](std::byte b) { return b == kCanary; });
  }

 private:
  std::byte *start_ = nullptr, *data_ = nullptr;
  size_t length_ = 0;
};

void expect_nothing_outside_is_touched(const std::string& model, const Isa& isa, int threads) {
  SCOPED_TRACE(model + " on " + std::string(isa.name));
  CompileOptions options;
  options.targets = {&isa};
  Compiled c = compile(model, options);
  c.image.programs[0].head = {};  // else the arena would be followed by what detection needs
  const engine::Library library = engine::load(c.image);
  const sparsec_runtime_api& rt = library.runtime();

  const size_t bytes = rt.context_bytes(&library.model(), threads) - 64;  // aligned already
  Guarded memory(bytes);
  char error[256] = "";
  sparsec_rt_options create{};
  create.struct_bytes = sizeof create;
  create.threads = threads;
  create.memory = memory.data();
  create.memory_bytes = bytes;
  create.error = error;
  create.error_bytes = sizeof error;
  sparsec_rt_context* context = nullptr;
  ASSERT_EQ(rt.create(&library.model(), &create, &context), SPARSEC_OK) << error;
  ASSERT_EQ(static_cast<std::byte*>(rt.arena(context)) + rt.program(context)->arena_bytes, memory.data() + bytes)
      << "the arena does not end at the guard: the test tests nothing";

  const auto batch = size_t(c.graph.meta.batch);
  std::vector<std::unique_ptr<Guarded>> inputs, outputs;
  std::vector<const void*> in;
  std::vector<void*> out;
  for (const TensorPtr& t : testing::noise(c.graph)) {
    inputs.push_back(std::make_unique<Guarded>(t->bytes.size() * batch));
    for (size_t picture = 0; picture < batch; ++picture)
      std::memcpy(inputs.back()->data() + picture * t->bytes.size(), t->bytes.data(), t->bytes.size());
    in.push_back(inputs.back()->data());
  }
  for (const ValueId v : c.graph.outputs) {
    const Value& value = c.graph.value(v);
    outputs.push_back(std::make_unique<Guarded>(size_t(elements(value.shape)) * size_of(value.type) * batch));
    out.push_back(outputs.back()->data());
  }
  EXPECT_EQ(rt.run(context, in.data(), out.data()), SPARSEC_OK);
  rt.destroy(context);
  EXPECT_TRUE(memory.is_whole());
  for (const auto& output : outputs) EXPECT_TRUE(output->is_whole());
}

TEST(Arena, NothingOutsideIsTouched) {
  const std::vector<std::string> models = testing::tiny_models();
  ASSERT_FALSE(models.empty());
  for (const Isa* isa : host_isas())
    for (size_t i = 0; i < models.size(); ++i) {
      // compiling the portable form takes longest: every third model shows as much
      if (isa->style == Style::calls && i % 3 != 0) continue;
      expect_nothing_outside_is_touched(models[i], *isa, 1 + int(i % 3));
    }
}

}  // namespace
}  // namespace sparsec
