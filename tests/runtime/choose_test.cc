// The start-up choice among a library's programs, where the operating system has a say.
#include <gtest/gtest.h>

#include <string>

#include "runtime/core/context.h"
#include "runtime/core/cpu.h"

namespace sparsec::rt {
namespace {

sparsec_program program(const char* isa, uint32_t features) {
  sparsec_program p{};
  p.isa = isa;
  p.features = features;
  return p;
}

const sparsec_program kTiles = program("tiles", SPARSEC_CPU_AMX_INT8 | SPARSEC_CPU_AVX2),
                      kVectors = program("vectors", SPARSEC_CPU_AVX2);
const sparsec_program* const kPrograms[] = {&kTiles, &kVectors};

sparsec_model model() {
  sparsec_model m{};
  m.name = "choice";
  m.programs = kPrograms;
  m.n_programs = 2;
  return m;
}

// As a CPU with AMX would be seen; whether the tiles are given depends on the machine, and on all that depends on it.
TEST(Choose, TilesOnlyWhereTheSystemGivesThem) {
  constexpr uint32_t kFeatures = SPARSEC_CPU_AMX_INT8 | SPARSEC_CPU_AVX2;
  const uint32_t given = sparsec_cpu_permit(kFeatures);
  EXPECT_EQ(given & ~uint32_t{SPARSEC_CPU_AMX_INT8}, uint32_t{SPARSEC_CPU_AVX2});
  const bool tiles = given == kFeatures;
  if ((sparsec_cpu_features() & SPARSEC_CPU_AMX_INT8) == 0) EXPECT_FALSE(tiles);

  const sparsec_model m = model();
  char why[256] = "";
  EXPECT_EQ(choose_program(m, nullptr, kFeatures, why, sizeof why), tiles ? &kTiles : &kVectors);
  EXPECT_EQ(choose_program(m, "vectors", kFeatures, why, sizeof why), &kVectors);
  EXPECT_EQ(choose_program(m, "tiles", kFeatures, why, sizeof why), tiles ? &kTiles : nullptr);
  if (!tiles)
    EXPECT_STREQ(why,
                 "choice: this system refuses AMX_INT8, which 'tiles' needs (it has: AVX2; the library has: tiles, "
                 "vectors)");
}

TEST(Choose, WhatTheCpuLacksIsNotAskedFor) {
  const sparsec_model m = model();
  char why[256] = "";
  EXPECT_EQ(choose_program(m, nullptr, SPARSEC_CPU_AVX2, why, sizeof why), &kVectors);
  EXPECT_EQ(choose_program(m, "tiles", SPARSEC_CPU_AVX2, why, sizeof why), nullptr);
  EXPECT_STREQ(why,
               "choice: this CPU lacks AMX_INT8, which 'tiles' needs (it has: AVX2; the library has: tiles, vectors)");
}

}  // namespace
}  // namespace sparsec::rt
