#include "tests/runtime/toy_model.h"

#include <bit>
#include <cstddef>

#include "runtime/core/letterbox.h"
#include "runtime/core/steps.h"

namespace toy_tables {
namespace {

constexpr int64_t kPlane = 4 * kCellRows * kCellColumns, kInputPlane = 4 * kRows * kColumns;

struct alignas(64) Constants {
  sparsec_loop fill, copy, negate;
  sparsec_decode_row decode;
  sparsec_letterbox letterbox;
};

Constants make_constants() {
  Constants c{};
  c.fill.rank = 1;
  c.fill.element_bytes = 4;
  c.fill.shape[0] = kCellRows * kCellColumns;
  c.fill.out[0] = 4;
  c.fill.fill = std::bit_cast<uint32_t>(0.5f);
  c.copy.rank = 1;
  c.copy.element_bytes = 4;
  c.copy.shape[0] = kCellColumns;
  c.copy.out[0] = 4;
  c.copy.a[0] = 32;
  c.negate.rank = 1;
  c.negate.shape[0] = kColumns;
  c.negate.out[0] = c.negate.a[0] = 4;
  c.negate.kind = SPARSEC_NEG;
  c.decode = {kCellColumns, kChannels, kPlane, 4, 8, 16, 16, 1};
  c.letterbox = sparsec::rt::plain_input(SPARSEC_F32, kRows, kColumns);
  return c;
}
const Constants kConstants = make_constants();

constexpr sparsec_pointer descriptor(size_t offset) { return {SPARSEC_CONSTANTS, 0, int64_t(offset), 0, 0}; }

constexpr sparsec_pointer pointers_with_head(uint32_t space, uint32_t index, int i) {
  const sparsec_pointer p[] = {
      {space, index, 0, kPlane, 0},
      descriptor(offsetof(Constants, fill)),
      // red, green, blue to planes 4, 5, 6: a tile is a row of cells
      {space, index, 4 * kPlane, 4 * kCellColumns, 0},
      {SPARSEC_INPUT, 0, 0, 8 * 4 * kColumns, 0},
      descriptor(offsetof(Constants, copy)),
      {space, index, 5 * kPlane, 4 * kCellColumns, 0},
      {SPARSEC_INPUT, 0, kInputPlane, 8 * 4 * kColumns, 0},
      descriptor(offsetof(Constants, copy)),
      {space, index, 6 * kPlane, 4 * kCellColumns, 0},
      {SPARSEC_INPUT, 0, 2 * kInputPlane, 8 * 4 * kColumns, 0},
      descriptor(offsetof(Constants, copy)),
      // decode
      {SPARSEC_OUTPUT, 0, 0, 4 * kCellColumns * kChannels, 0},
      {space, index, 0, 4 * kCellColumns, 0},
      {SPARSEC_OUTPUT, 0, 0, 0, 0},
      descriptor(offsetof(Constants, decode)),
      // negate: a tile is a row of pixels
      {SPARSEC_OUTPUT, 1, 0, 4 * kColumns, 0},
      {SPARSEC_INPUT, 0, 0, 4 * kColumns, 0},
      descriptor(offsetof(Constants, negate)),
      // letterbox: a tile is a row of pixels
      {SPARSEC_INPUT, 0, 0, 4 * kColumns, 0},
      {SPARSEC_INPUT, 0, 0, 0, 0},
      {SPARSEC_PICTURE, 0, 0, 0, 0},
      descriptor(offsetof(Constants, letterbox)),
  };
  return p[i];
}

struct Pointers {
  sparsec_pointer p[22];
};
constexpr Pointers make_pointers(uint32_t space, uint32_t index) {
  Pointers all{};
  for (int i = 0; i < 22; ++i) all.p[i] = pointers_with_head(space, index, i);
  return all;
}
const Pointers kArenaPointers = make_pointers(SPARSEC_ARENA, 0), kOutputPointers = make_pointers(SPARSEC_OUTPUT, 2);

const sparsec_call kCalls[] = {
    {sparsec_step_fill, 0, 2, 0},       {sparsec_step_copy, 2, 3, 0},        {sparsec_step_copy, 5, 3, 0},
    {sparsec_step_copy, 8, 3, 0},       {sparsec_step_decode_row, 11, 4, 0}, {sparsec_step_unary, 15, 3, 0},
    {sparsec_step_letterbox, 18, 4, 0},
};
const sparsec_step kSteps[] = {
    {"boxes", 0, 1, 4, 0},          {"scores", 1, 3, kCellRows, 1}, {"decode", 4, 1, kCellRows, 0},
    {"negate", 5, 1, 3 * kRows, 0}, {"letterbox", 6, 1, kRows, 0},
};
// Cut in two where tiles allow.
const sparsec_work kSchedule[] = {{0, 0, 0, 4, 0, 0},  {1, 1, 0, 3, 0, 0}, {1, 1, 3, 4, 0, 0},
                                  {3, 0, 0, 50, 0, 0}, {2, 0, 0, 4, 0, 0}, {3, 0, 50, 3 * kRows, 0, 0}};
const sparsec_work kDetectSchedule[] = {
    {0, 0, 0, 4, 0, 0}, {4, 1, 0, kRows, 0, 0}, {1, 1, 0, 3, 0, 0}, {1, 1, 3, 4, 0, 0}};
const sparsec_work kRowsSchedule[] = {
    {0, 0, 0, 4, 0, 0}, {4, 1, 0, kRows, 0, 0}, {1, 1, 0, 3, 0, 0}, {1, 1, 3, 4, 0, 0}, {2, 0, 0, 4, 0, 0}};
const sparsec_work kHeadSchedule[] = {
    {0, 0, 0, 4, 0, 0}, {1, 1, 0, 3, 0, 0}, {1, 1, 3, 4, 0, 0}, {3, 0, 0, 3 * kRows, 0, 0}};

sparsec_head head(sparsec_pointer where, uint32_t sigmoid_done) {
  static const char* const kNames[] = {"green thing", "blue thing"};
  sparsec_head h{};
  h.levels = 1;
  h.classes = kClasses;
  h.sigmoid_done = sigmoid_done;
  h.level[0] = {where, kPlane, 4 * kCellColumns, 4, kCellRows, kCellColumns, 1, 8, {{16, 16}}, {}, 0, 0, 0, 4};
  h.detect_schedule = kDetectSchedule;
  h.n_detect_schedule = 4;
  h.input_rows = kRows;
  h.input_columns = kColumns;
  h.class_names = kNames;
  return h;
}

sparsec_program program(const char* isa, uint32_t features) {
  sparsec_program p{};
  p.isa = isa;
  p.features = features;
  p.constants = reinterpret_cast<const uint8_t*>(&kConstants);
  p.constants_bytes = sizeof kConstants;
  p.arena_bytes = kChannels * kPlane;
  p.pointers = kArenaPointers.p;
  p.calls = kCalls;
  p.steps = kSteps;
  p.n_steps = 5;
  p.schedule = kSchedule;
  p.n_schedule = 6;
  p.head = head({SPARSEC_ARENA, 0, 0, 0, 0}, 1);
  return p;
}
sparsec_program head_in_output() {
  sparsec_program p = program("scalar", 0);
  p.arena_bytes = 0;
  p.pointers = kOutputPointers.p;
  p.schedule = kHeadSchedule;
  p.n_schedule = 4;
  p.head = head({SPARSEC_OUTPUT, 2, 0, 0, 0}, 0);
  return p;
}

sparsec_program rows_in_output() {
  sparsec_program p = program("scalar", 0);
  p.head.level[0] = {{SPARSEC_OUTPUT, 0, 0, 0, 0}, 0, 0, 0, kCellRows * kCellColumns, 1, 0, 0, {}, {}, 0, 0, 0, 5};
  p.head.detect_schedule = kRowsSchedule;
  p.head.n_detect_schedule = 5;
  return p;
}

// No CPU has both of these.
constexpr uint32_t kImpossible = SPARSEC_CPU_AMX_INT8 | SPARSEC_CPU_NEON_I8MM;
const sparsec_program kBest = program("impossible", kImpossible), kScalar = program("scalar", 0),
                      kInOutput = head_in_output(), kDecoded = rows_in_output();
const sparsec_program* const kPrograms[] = {&kBest, &kScalar};
const sparsec_program* const kOutputPrograms[] = {&kInOutput};
const sparsec_program* const kRowsPrograms[] = {&kDecoded};

const sparsec_tensor kInputs[] = {{"images", SPARSEC_F32, 4, {1, 3, kRows, kColumns}}};
const sparsec_tensor kOutputs[] = {{"boxes", SPARSEC_F32, 3, {1, kCellRows* kCellColumns, kChannels}},
                                   {"negative", SPARSEC_F32, 4, {1, 3, kRows, kColumns}},
                                   {"head", SPARSEC_F32, 4, {1, kChannels, kCellRows, kCellColumns}}};
const sparsec_tensor kInputs2[] = {{"images", SPARSEC_F32, 4, {2, 3, kRows, kColumns}}};
const sparsec_tensor kOutputs2[] = {{"boxes", SPARSEC_F32, 3, {2, kCellRows* kCellColumns, kChannels}},
                                    {"negative", SPARSEC_F32, 4, {2, 3, kRows, kColumns}}};

}  // namespace

const sparsec_model kBatchOfTwo = {SPARSEC_ABI_VERSION, 2, "toy", "tests",   "none", kInputs2,
                                   kOutputs2,           1, 2,     kPrograms, 2};
const sparsec_model kHeadInOutput = {SPARSEC_ABI_VERSION, 1, "toy", "tests", "none", kInputs, kOutputs, 1, 3,
                                     kOutputPrograms,     1};
const sparsec_model kRowsInOutput = {SPARSEC_ABI_VERSION, 1, "toy", "tests", "none", kInputs, kOutputs, 1, 2,
                                     kRowsPrograms,       1};
const sparsec_model kBatchOfRows = {SPARSEC_ABI_VERSION, 2, "toy", "tests",       "none", kInputs2,
                                    kOutputs2,           1, 2,     kRowsPrograms, 1};

}  // namespace toy_tables

extern "C" const sparsec_model toy_model = {
    SPARSEC_ABI_VERSION,   1, "toy", "tests", "none", toy_tables::kInputs, toy_tables::kOutputs, 1, 2,
    toy_tables::kPrograms, 2};
