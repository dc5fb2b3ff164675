// small: the tables that the runtime walks
//
//   source   small.onnx
//   sha256   0000000000000000000000000000000000000000000000000000000000000000
//   options  --target by-hand
//   written by sparsec 0.1.0

#include "sparsec/abi.h"
#include "runtime/core/steps.h"

#pragma GCC visibility push(hidden)
extern "C" {

void small_amx_conv_3(const void* const* pointers, int64_t tiles);
extern const uint8_t small_amx_constants[];
void small_avx512_vnni_conv_3(const void* const* pointers, int64_t tiles);
extern const uint8_t small_avx512_vnni_constants[];
void small_avx_vnni_conv_3(const void* const* pointers, int64_t tiles);
extern const uint8_t small_avx_vnni_constants[];
void small_avx2_conv_3(const void* const* pointers, int64_t tiles);
extern const uint8_t small_avx2_constants[];
void small_scalar_conv_3(const void* const* pointers, int64_t tiles);
extern const uint8_t small_scalar_constants[];
extern const sparsec_model small_model;

static const sparsec_tensor small_inputs[] = {
    {"in0", 3, 1, {32}},
};

static const sparsec_tensor small_outputs[] = {
    {"out", 3, 1, {32}},
};

static const sparsec_pointer small_amx_pointers[] = {
    {2, 0, 0, 64, 0},
    {3, 0, 0, 64, 0},
    {1, 0, 0, 0, 0},
};

static const sparsec_call small_amx_calls[] = {
    {small_amx_conv_3, 0, 3, 0},
};

static const sparsec_step small_amx_steps[] = {
    {"/conv_3", 0, 1, 2, 0},
};

static const sparsec_work small_amx_schedule[] = {
    {0, 1, 0, 2, 0, 0},
};

static const sparsec_program small_amx_program = {"amx", 47, small_amx_constants, 12, 0, small_amx_pointers, small_amx_calls, small_amx_steps, 1, small_amx_schedule, 1, {0, 0, 0, {}, nullptr, 0, 0, 0, nullptr}, 1};

static const sparsec_pointer small_avx512_vnni_pointers[] = {
    {2, 0, 0, 64, 0},
    {3, 0, 0, 64, 0},
    {1, 0, 0, 0, 0},
};

static const sparsec_call small_avx512_vnni_calls[] = {
    {small_avx512_vnni_conv_3, 0, 3, 0},
};

static const sparsec_step small_avx512_vnni_steps[] = {
    {"/conv_3", 0, 1, 2, 0},
};

static const sparsec_work small_avx512_vnni_schedule[] = {
    {0, 1, 0, 2, 0, 0},
};

static const sparsec_program small_avx512_vnni_program = {"avx512_vnni", 15, small_avx512_vnni_constants, 12, 0, small_avx512_vnni_pointers, small_avx512_vnni_calls, small_avx512_vnni_steps, 1, small_avx512_vnni_schedule, 1, {0, 0, 0, {}, nullptr, 0, 0, 0, nullptr}, 1};

static const sparsec_pointer small_avx_vnni_pointers[] = {
    {2, 0, 0, 32, 0},
    {3, 0, 0, 32, 0},
    {1, 0, 0, 0, 0},
};

static const sparsec_call small_avx_vnni_calls[] = {
    {small_avx_vnni_conv_3, 0, 3, 0},
};

static const sparsec_step small_avx_vnni_steps[] = {
    {"/conv_3", 0, 1, 2, 0},
};

static const sparsec_work small_avx_vnni_schedule[] = {
    {0, 1, 0, 2, 0, 0},
};

static const sparsec_program small_avx_vnni_program = {"avx_vnni", 17, small_avx_vnni_constants, 12, 0, small_avx_vnni_pointers, small_avx_vnni_calls, small_avx_vnni_steps, 1, small_avx_vnni_schedule, 1, {0, 0, 0, {}, nullptr, 0, 0, 0, nullptr}, 1};

static const sparsec_pointer small_avx2_pointers[] = {
    {2, 0, 0, 32, 0},
    {3, 0, 0, 32, 0},
    {1, 0, 0, 0, 0},
};

static const sparsec_call small_avx2_calls[] = {
    {small_avx2_conv_3, 0, 3, 0},
};

static const sparsec_step small_avx2_steps[] = {
    {"/conv_3", 0, 1, 2, 0},
};

static const sparsec_work small_avx2_schedule[] = {
    {0, 1, 0, 2, 0, 0},
};

static const sparsec_program small_avx2_program = {"avx2", 1, small_avx2_constants, 12, 0, small_avx2_pointers, small_avx2_calls, small_avx2_steps, 1, small_avx2_schedule, 1, {0, 0, 0, {}, nullptr, 0, 0, 0, nullptr}, 1};

static const sparsec_pointer small_scalar_pointers[] = {
    {2, 0, 0, 16, 0},
    {3, 0, 0, 16, 0},
    {1, 0, 0, 0, 0},
};

static const sparsec_call small_scalar_calls[] = {
    {small_scalar_conv_3, 0, 3, 0},
};

static const sparsec_step small_scalar_steps[] = {
    {"/conv_3", 0, 1, 2, 0},
};

static const sparsec_work small_scalar_schedule[] = {
    {0, 1, 0, 2, 0, 0},
};

static const sparsec_program small_scalar_program = {"scalar", 0, small_scalar_constants, 12, 0, small_scalar_pointers, small_scalar_calls, small_scalar_steps, 1, small_scalar_schedule, 1, {0, 0, 0, {}, nullptr, 0, 0, 0, nullptr}, 1};

static const sparsec_program* const small_programs[] = {
    &small_amx_program,
    &small_avx512_vnni_program,
    &small_avx_vnni_program,
    &small_avx2_program,
    &small_scalar_program,
};

const sparsec_model small_model = {5, 1, "small", "sparsec 0.1.0", "0000000000000000000000000000000000000000000000000000000000000000", small_inputs, small_outputs, 1, 1, small_programs, 5};

}  // extern "C"
#pragma GCC visibility pop
