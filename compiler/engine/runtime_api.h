// The runtime inside a shared library that sparsec made, as its exported sparsec_get_runtime_2 gives it
// (templates/shared_entry.ll.in has the same order). The number changes with the struct.
#pragma once

#include "runtime/core/api.h"

struct sparsec_runtime_api {
  decltype(&sparsec_rt_context_bytes) context_bytes;
  decltype(&sparsec_rt_create) create;
  decltype(&sparsec_rt_destroy) destroy;
  decltype(&sparsec_rt_run) run;
  decltype(&sparsec_rt_detect) detect;
  decltype(&sparsec_rt_last_error) last_error;
  decltype(&sparsec_rt_status_text) status_text;
  decltype(&sparsec_rt_threads) threads;
  decltype(&sparsec_rt_run_entries) run_entries;
  decltype(&sparsec_rt_arena) arena;
  decltype(&sparsec_rt_program) program;
  decltype(&sparsec_rt_detect_timed) detect_timed;
  decltype(&sparsec_rt_run_timed) run_timed;
};
