// Nothing is allocated after a context is made: malloc is ours here, and counts.
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "runtime/core/api.h"
#include "tests/runtime/toy_model.h"
#include "toy.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {
std::atomic<int> allocations{0};
}

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): glibc's own
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
void* malloc(size_t n) {
  ++allocations;
  return __libc_malloc(n);
}
void* calloc(size_t n, size_t size) {
  ++allocations;
  return __libc_calloc(n, size);
}
void* realloc(void* p, size_t n) {
  ++allocations;
  return __libc_realloc(p, n);
}
}

namespace {

TEST(Heap, IsNotUsedAfterCreate) {
  std::vector<uint8_t> rgb(100 * 70 * 3, 200);
  std::vector<float> in(toy_tables::kInputFloats), boxes(toy_tables::kOutputFloats), negative(toy_tables::kInputFloats);
  std::vector<toy_detection> found(24);
  const void* inputs[] = {in.data()};
  void* outputs[] = {boxes.data(), negative.data()};
  toy_options options{};
  options.struct_bytes = sizeof options;
  options.threads = 2;
  toy_context* context;
  ASSERT_EQ(toy_create(&options, &context), toy_ok);
  const int before = allocations;
  EXPECT_GT(before, 0);  // the counter counts
  int32_t statuses = 0, n = 0;
  for (int i = 0; i < 10; ++i) {
    statuses += toy_run(context, inputs, outputs);
    n = toy_detect(context, rgb.data(), 100, 70, 210, nullptr, found.data(), 24);
    statuses += toy_detect(context, nullptr, 1, 1, 3, nullptr, found.data(), 24);  // an error, too
  }
  const int after = allocations;
  EXPECT_EQ(after, before);
  EXPECT_EQ(statuses, 10 * toy_bad_argument);
  EXPECT_GT(n, 0);
  toy_destroy(context);
}

TEST(Heap, IsNotUsedByDetectionFromRows) {
  std::vector<uint8_t> rgb(100 * 70 * 3, 200);
  std::vector<sparsec_rt_detection> found(24);
  sparsec_rt_options options{};
  options.struct_bytes = sizeof options;
  options.threads = 2;
  for (const sparsec_model* model : {&toy_tables::kRowsInOutput, &toy_tables::kBatchOfRows}) {
    sparsec_rt_context* context;
    ASSERT_EQ(sparsec_rt_create(model, &options, &context), SPARSEC_OK);
    const int before = allocations;
    const int32_t n = sparsec_rt_detect(context, rgb.data(), 100, 70, 210, nullptr, found.data(), 24);
    EXPECT_EQ(allocations, before);
    EXPECT_GT(n, 0);
    sparsec_rt_destroy(context);
  }
}

}  // namespace
#endif
