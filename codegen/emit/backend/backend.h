// What the compiler asks of LLVM: units of text and bytes in, one library out.
//
// libsparsec_backend.so is loaded when a library has to be written and not before: libLLVM costs tens of milliseconds
// and megabytes at start. The border is C, so that nothing of LLVM and no C++ type crosses it. All functions may be
// called from any thread; two builds at a time take turns in the linker.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  SPARSEC_UNIT_ASSEMBLY,  // assembly text, AT&T syntax on x86
  SPARSEC_UNIT_IR,        // LLVM IR text
  SPARSEC_UNIT_BYTES,     // read-only bytes, which become the hidden symbol `name`, 64-byte aligned
  SPARSEC_UNIT_OBJECT     // a relocatable object, which is taken when another unit needs it
} sparsec_unit_kind;

typedef struct {
  sparsec_unit_kind kind;
  const char* name;
  const char* data;
  size_t size;
  const char* features;  // assembly: what its instructions need beyond the baseline, as LLVM names it: "+avx2,+fma"
} sparsec_unit;

typedef enum {
  SPARSEC_FORM_ARCHIVE,  // a static library of one object, in which every hidden symbol has become local
  SPARSEC_FORM_SHARED    // a shared library that exports the symbols of default visibility
} sparsec_form;

typedef struct {
  const char* name;    // of the model: names the archive's member, and the shared library
  const char* triple;  // LLVM's target triple
  const sparsec_unit* units;
  size_t n_units;
  sparsec_form form;
  int threads;         // at least 1; the result does not depend on it
  const char* folder;  // empty, for the linker to write in; the caller's to remove
} sparsec_build;

// A result, owned by the caller, who gives it to `release`.
typedef struct {
  char* data;
  size_t size;
} sparsec_bytes;

typedef struct {
  // Both return 1 with `result` set, or 0 with `result` holding the message. The same job gives the same bytes.
  int (*build)(const sparsec_build* job, sparsec_bytes* result);
  int (*assembly_of_ir)(const char* triple, const char* text, size_t size, sparsec_bytes* result);
  void (*release)(sparsec_bytes* bytes);
} sparsec_backend;

// The module's one exported symbol.
const sparsec_backend* sparsec_get_backend(void);

#ifdef __cplusplus
}
#endif
