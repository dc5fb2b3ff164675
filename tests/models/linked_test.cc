// Two real detectors, an int8 and a float one, as static libraries in one C program: what they need of the system, that
// neither allocates once its context is there, and that both give what they give in this process.
#include <gtest/gtest.h>

#include <set>

#include "compiler/cli/session.h"
#include "compiler/compile.h"
#include "sparsec/npy.h"
#include "tests/models/found.h"
#include "tests/support/arrays.h"
#include "tests/support/shell.h"

namespace sparsec {
namespace {

constexpr const char* kTiny = SPARSEC_SOURCE_DIR "/tests/data/tiny/";
constexpr const char* kNames[] = {"quantised", "floating"};
constexpr const char* kModels[] = {"tiny-block4_70_quant-in", "tiny-v5.0-focus"};

// malloc and its like are the program's own, and count.
constexpr const char* kCounter = R"(
#include <stddef.h>
#include <stdatomic.h>
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
atomic_int allocations;
void* malloc(size_t n) { return (void)++allocations, __libc_malloc(n); }
void* calloc(size_t n, size_t size) { return (void)++allocations, __libc_calloc(n, size); }
void* realloc(void* p, size_t n) { return (void)++allocations, __libc_realloc(p, n); }
void* memalign(size_t to, size_t n) { return (void)++allocations, __libc_memalign(to, n); }
void* aligned_alloc(size_t to, size_t n) { return (void)++allocations, __libc_memalign(to, n); }
int posix_memalign(void** p, size_t to, size_t n) { return (void)++allocations, *p = __libc_memalign(to, n), *p ? 0 : 12; }
)";

// One detector: run_NAME() writes its output to NAME.out and what it finds to NAME.found, and gives back how many
// allocations there were before its context was there, and 1000 for each that came with its runs and detections.
constexpr const char* kUser = R"(
#include <stdatomic.h>
#include <stdio.h>
#include "@.h"
extern atomic_int allocations;
static float input[3 * 64 * 96], output[378 * 8];
static unsigned char rgb[50 * 70 * 3];
static @_detection found[1000];
int run_@(void) {
  const @_options options = {sizeof options, 2, 0, 0, 0, 0, 0, 0};
  const @_detect_options how = {sizeof how, 0.01f, 0.45f, 1000, 0, 0};
  @_context* context = 0;
  const void* inputs[1] = {input};
  void* outputs[1] = {output};
  int before = allocations, earlier, later, i, n = 0, status = 0;
  FILE* file;
  file = fopen("@.in", "rb"); /* allocates */
  if (!file || fread(input, sizeof input, 1, file) != 1) return -1;
  fclose(file);
  if (@_create(&options, &context) != @_ok) return -2;
  earlier = allocations - before;
  for (i = 0; i < (int)sizeof rgb; ++i) rgb[i] = (unsigned char)(i * 7 + i / 211 * 13 + i * i % 31 * 5);
  before = allocations;
  for (i = 0; i < 5; ++i) {
    status |= @_run(context, inputs, outputs);
    n = @_detect(context, rgb, 50, 70, 70 * 3, &how, found, 1000);
  }
  later = allocations - before;
  if (status || n < 0) return -3;
  @_destroy(context);
  file = fopen("@.out", "wb");
  fwrite(output, sizeof output, 1, file);
  fclose(file);
  file = fopen("@.found", "w");
  for (i = 0; i < n; ++i)
    fprintf(file, "%a %a %a %a %a %d\n", found[i].x1, found[i].y1, found[i].x2, found[i].y2, found[i].score, found[i].label);
  fclose(file);
  return earlier + 1000 * later;
}
)";

std::string user_of(const std::string& name) {
  std::string text = kUser;
  for (size_t at; (at = text.find('@')) != text.npos;) text.replace(at, 1, name);
  return text;
}

ModelImage image_of(int which) {
  CompileOptions options;
  options.targets = host_isas();
  options.name = kNames[which];
  return compile(std::string(kTiny) + kModels[which] + ".onnx", options).image;
}

void write_libraries(const testing::Folder& folder) {
  for (const int which : {0, 1}) {
    const std::string name = kNames[which];
    engine::write_library(image_of(which), folder / ("lib" + name + ".a"), folder / (name + ".h"));
  }
}

NpyArray input_of(int which) {
  return testing::as_float(read_npz(std::string(kTiny) + kModels[which] + ".npz")[0].array);
}

TEST(LinkedDetectors, TwoInOneProgramWithoutHeapUseOnceTheyAreMade) {
#if !defined(__GLIBC__)
  GTEST_SKIP() << "allocations are counted in front of glibc's";
#endif
  const testing::Folder folder;
  write_libraries(folder);
  folder.write("counter.c", kCounter);
  folder.write("main.c", R"(
#include <stdio.h>
int run_quantised(void);
int run_floating(void);
int main(void) { return printf("%d %d\n", run_quantised(), run_floating()) < 0; }
)");
  for (const int which : {0, 1}) {
    folder.write(std::string(kNames[which]) + ".c", user_of(kNames[which]));
    folder.write(std::string(kNames[which]) + ".in", testing::text_of(input_of(which).bytes));
  }
  const testing::Outcome ran =
      testing::shell(folder.path(),
                     "cc -std=c11 -Wall -Wextra -Werror -fno-builtin main.c counter.c quantised.c floating.c "
                     "libquantised.a libfloating.a -lm -lpthread -o main && ./main");
  ASSERT_EQ(ran.status, 0) << ran.output;
  std::istringstream numbers(ran.output);
  for (const int which : {0, 1}) {
    SCOPED_TRACE(kNames[which]);
    int allocations = -1;
    numbers >> allocations;
    EXPECT_GT(allocations, 0) << "the counter counts";
    EXPECT_LT(allocations, 1000) << "1000 for each allocation after creation";

    const cli::LoadedModel here(engine::load(image_of(which)), kModels[which], {.threads = 2, .isa = ""});
    const std::vector<NpyArray> outputs = here.run({input_of(which)});
    EXPECT_TRUE(testing::read_file(folder / (std::string(kNames[which]) + ".out")) ==
                testing::text_of(outputs[0].bytes));
    const std::string found = testing::found_by(here, {.confidence = 0.01f, .max_detections = 1000});
    EXPECT_GT(found.size(), 100U);
    EXPECT_EQ(testing::read_file(folder / (std::string(kNames[which]) + ".found")), found);
  }
}

std::set<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::set<std::string> all;
  for (std::string word; in >> word;) all.insert(word);
  return all;
}

// Every name that the library lacks is one of the C library's, libm's or the threads'.
TEST(LinkedDetectors, NeedLibcLibmAndPthreadOnly) {
  const testing::Folder folder;
  write_libraries(folder);
  const auto names = [&](const std::string& command) {
    const testing::Outcome o = testing::shell(folder.path(), command);
    EXPECT_EQ(o.status, 0) << o.output;
    return words(o.output);
  };
  std::set<std::string> system = names(
      "for l in libc.so.6 libm.so.6 libpthread.so.0; do f=$(cc -print-file-name=$l); [ -e $f ] && nm -D --defined-only "
      "$f; "
      "done | sed 's/.* //; s/@.*//'");
  EXPECT_TRUE(system.contains("pthread_create") && system.contains("memcpy"));
  system.insert({"_GLOBAL_OFFSET_TABLE_", "__tls_get_addr"});  // the linker's own
  for (const std::string name : kNames) {
    const std::set<std::string> needed = names("nm -u lib" + name + ".a | sed -n 's/^ *[Uwv] //p'");
    const std::set<std::string> own = names("nm --defined-only lib" + name + ".a | sed -n 's/^[0-9a-f]* . //p'");
    EXPECT_TRUE(needed.contains("pthread_create"));
    for (const std::string& symbol : needed)
      EXPECT_TRUE(own.contains(symbol) || system.contains(symbol)) << name << " needs " << symbol;
    const std::set<std::string> shown =
        names("nm -g --defined-only lib" + name + ".a | sed -n 's/^[0-9a-f]* [A-Z] //p'");
    EXPECT_TRUE(shown.contains(name + "_detect"));
    for (const std::string& symbol : shown) EXPECT_TRUE(symbol.starts_with(name + "_")) << symbol << " is shown";
  }
}

}  // namespace
}  // namespace sparsec
