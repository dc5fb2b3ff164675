; To an object: llc -O2 -filetype=obj -relocation-model=pic -mattr=+avx2,+fma,+bmi,+bmi2
; small: small.onnx, sha256 0000000000000000000000000000000000000000000000000000000000000000
; sparsec 0.1.0 --target by-hand
target triple = "x86_64-unknown-linux-gnu"

; The types of sparsec/abi.h. C lays structures out as LLVM does, so the fields alone say everything.

; space, index, offset, stride, strip
%sparsec_pointer = type { i32, i32, i64, i64, i64 }
; kernel, first pointer, pointers, neighbour
%sparsec_call = type { ptr, i32, i32, i32 }
; name, first call, calls, tiles, split
%sparsec_step = type { ptr, i32, i32, i64, i32 }
; step, barrier, begin, end, handed, strips meet
%sparsec_work = type { i32, i32, i64, i64, i64, i32 }
; name, type, rank, shape
%sparsec_tensor = type { ptr, i32, i32, [8 x i64] }
; where, plane stride, row stride, column stride, rows, columns, anchors, stride, anchor, objectness, its stride, step, cells per tile, ready
%sparsec_level = type { %sparsec_pointer, i64, i64, i64, i32, i32, i32, float, [8 x [2 x float]], %sparsec_pointer, i64, i32, i32, i32 }
; levels, classes, sigmoid done, level, detection's schedule, its entries, input rows, input columns, class names
%sparsec_head = type { i32, i32, i32, [4 x %sparsec_level], ptr, i32, i32, i32, ptr }
; isa, features, constants, constants bytes, arena bytes, pointers, calls, steps, number of steps, schedule, entries, head, strips
%sparsec_program = type { ptr, i32, ptr, i64, i64, ptr, ptr, ptr, i32, ptr, i32, %sparsec_head, i32 }
; ABI version, batch, name, compiler, sha256, inputs, outputs, number of inputs, of outputs, programs, number of programs
%sparsec_model = type { i32, i32, ptr, ptr, ptr, ptr, ptr, i32, i32, ptr, i32 }

module asm "  .text"
module asm "# /conv_3"
module asm "#   1x1x20, 25% of blocks are zero"
module asm "#   tile: one vector"
module asm "#   plan: step 0 alone in 1 band; 2 tiles"
module asm "# three taps of one channel group"
module asm "  .p2align 4"
module asm "  .globl small_avx2_conv_3"
module asm "  .hidden small_avx2_conv_3"
module asm "  .type small_avx2_conv_3, @function"
module asm "small_avx2_conv_3:"
module asm "  push %rbx"
module asm "  mov 0(%rdi), %rax"
module asm "  mov 8(%rdi), %rcx"
module asm "  mov 16(%rdi), %rdx"
module asm "  vpcmpeqw %ymm15, %ymm15, %ymm15"
module asm "  vpsrlw $15, %ymm15, %ymm15"
module asm ".Lloop_small_avx2_conv_3_0:"
module asm "  vpxor %ymm0, %ymm0, %ymm0"
module asm "  mov $3, %ebx"
module asm ".Lloop_small_avx2_conv_3_1:"
module asm "  vmovdqu (%rax), %ymm1"
module asm "  vpbroadcastd (%rdx), %ymm12"
module asm "  vpmaddubsw %ymm12, %ymm1, %ymm12"
module asm "  vpmaddwd %ymm15, %ymm12, %ymm12"
module asm "  vpaddd %ymm12, %ymm0, %ymm0"
module asm "  add $640, %rax"
module asm "  add $4, %rdx"
module asm "  dec %ebx"
module asm "  jnz .Lloop_small_avx2_conv_3_1"
module asm "  vpsrld $2, %ymm0, %ymm0"
module asm "  vmovdqu %ymm0, (%rcx)"
module asm "  add $-1888, %rax"
module asm "  add $32, %rcx"
module asm "  add $-12, %rdx"
module asm "  dec %rsi"
module asm "  jnz .Lloop_small_avx2_conv_3_0"
module asm "  pop %rbx"
module asm "  vzeroupper"
module asm "  ret"
module asm "  .size small_avx2_conv_3, . - small_avx2_conv_3"

declare hidden void @small_avx2_conv_3(ptr, i64)

@small_avx2_constants = internal constant [12 x i8] c"\01\02\03\04\05\06\07\08\FA\FB\FC\FD", align 64

@small_inputs = internal constant [1 x %sparsec_tensor] [
  %sparsec_tensor { ptr @small_text_0, i32 3, i32 1, [8 x i64] [i64 16, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer] }
]

@small_outputs = internal constant [1 x %sparsec_tensor] [
  %sparsec_tensor { ptr @small_text_1, i32 3, i32 1, [8 x i64] [i64 16, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer, i64 zeroinitializer] }
]

@small_avx2_pointers = internal constant [3 x %sparsec_pointer] [
  %sparsec_pointer { i32 2, i32 0, i64 0, i64 32, i64 0 },
  %sparsec_pointer { i32 3, i32 0, i64 0, i64 32, i64 0 },
  %sparsec_pointer { i32 1, i32 0, i64 0, i64 0, i64 0 }
]

@small_avx2_calls = internal constant [1 x %sparsec_call] [
  %sparsec_call { ptr @small_avx2_conv_3, i32 0, i32 3, i32 0 }
]

@small_avx2_steps = internal constant [1 x %sparsec_step] [
  %sparsec_step { ptr @small_text_2, i32 0, i32 1, i64 2, i32 0 }
]

@small_avx2_schedule = internal constant [1 x %sparsec_work] [
  %sparsec_work { i32 0, i32 1, i64 0, i64 2, i64 0, i32 0 }
]

@small_avx2_program = internal constant %sparsec_program { ptr @small_text_3, i32 1, ptr @small_avx2_constants, i64 12, i64 0, ptr @small_avx2_pointers, ptr @small_avx2_calls, ptr @small_avx2_steps, i32 1, ptr @small_avx2_schedule, i32 1, %sparsec_head { i32 0, i32 0, i32 0, [4 x %sparsec_level] zeroinitializer, ptr null, i32 0, i32 0, i32 0, ptr null }, i32 1 }

@small_programs = internal constant [1 x ptr] [
  ptr @small_avx2_program
]

@small_model = hidden constant %sparsec_model { i32 5, i32 1, ptr @small_text_4, ptr @small_text_5, ptr @small_text_6, ptr @small_inputs, ptr @small_outputs, i32 1, i32 1, ptr @small_programs, i32 1 }

@small_text_2 = private unnamed_addr constant [8 x i8] c"/conv_3\00"
@small_text_6 = private unnamed_addr constant [65 x i8] c"0000000000000000000000000000000000000000000000000000000000000000\00"
@small_text_3 = private unnamed_addr constant [5 x i8] c"avx2\00"
@small_text_0 = private unnamed_addr constant [4 x i8] c"in0\00"
@small_text_1 = private unnamed_addr constant [4 x i8] c"out\00"
@small_text_4 = private unnamed_addr constant [6 x i8] c"small\00"
@small_text_5 = private unnamed_addr constant [14 x i8] c"sparsec 0.1.0\00"

; The functions of small.h: each forwards to its namesake in the runtime, with the model's tables in front where there is no context yet.

declare hidden i64 @sparsec_rt_context_bytes(ptr, i32)
declare hidden i32 @sparsec_rt_create(ptr, ptr, ptr)
declare hidden void @sparsec_rt_destroy(ptr)
declare hidden i32 @sparsec_rt_run(ptr, ptr, ptr)
declare hidden i32 @sparsec_rt_detect(ptr, ptr, i32, i32, i64, ptr, ptr, i32)
declare hidden ptr @sparsec_rt_last_error(ptr)
declare hidden ptr @sparsec_rt_status_text(i32)
declare hidden ptr @sparsec_rt_isa(ptr)
declare hidden i32 @sparsec_rt_threads(ptr)
declare hidden i32 @sparsec_rt_input_count(ptr)
declare hidden i32 @sparsec_rt_output_count(ptr)
declare hidden ptr @sparsec_rt_input(ptr, i32)
declare hidden ptr @sparsec_rt_output(ptr, i32)
declare hidden i32 @sparsec_rt_class_count(ptr)
declare hidden ptr @sparsec_rt_class_name(ptr, i32)
declare hidden ptr @sparsec_rt_about(ptr, i32)

define i64 @small_context_bytes(i32 %threads) {
  %bytes = tail call i64 @sparsec_rt_context_bytes(ptr @small_model, i32 %threads)
  ret i64 %bytes
}

define i32 @small_create(ptr %options, ptr %context) {
  %status = tail call i32 @sparsec_rt_create(ptr @small_model, ptr %options, ptr %context)
  ret i32 %status
}

define void @small_destroy(ptr %context) {
  tail call void @sparsec_rt_destroy(ptr %context)
  ret void
}

define i32 @small_run(ptr %context, ptr %inputs, ptr %outputs) {
  %status = tail call i32 @sparsec_rt_run(ptr %context, ptr %inputs, ptr %outputs)
  ret i32 %status
}

define i32 @small_detect(ptr %context, ptr %rgb, i32 %rows, i32 %columns, i64 %row_bytes, ptr %options, ptr %detections, i32 %capacity) {
  %count = tail call i32 @sparsec_rt_detect(ptr %context, ptr %rgb, i32 %rows, i32 %columns, i64 %row_bytes, ptr %options, ptr %detections, i32 %capacity)
  ret i32 %count
}

define ptr @small_last_error(ptr %context) {
  %text = tail call ptr @sparsec_rt_last_error(ptr %context)
  ret ptr %text
}

define ptr @small_status_text(i32 %status) {
  %text = tail call ptr @sparsec_rt_status_text(i32 %status)
  ret ptr %text
}

define ptr @small_isa(ptr %context) {
  %text = tail call ptr @sparsec_rt_isa(ptr %context)
  ret ptr %text
}

define i32 @small_threads(ptr %context) {
  %threads = tail call i32 @sparsec_rt_threads(ptr %context)
  ret i32 %threads
}

define i32 @small_input_count() {
  %count = tail call i32 @sparsec_rt_input_count(ptr @small_model)
  ret i32 %count
}

define i32 @small_output_count() {
  %count = tail call i32 @sparsec_rt_output_count(ptr @small_model)
  ret i32 %count
}

define ptr @small_input(i32 %index) {
  %tensor = tail call ptr @sparsec_rt_input(ptr @small_model, i32 %index)
  ret ptr %tensor
}

define ptr @small_output(i32 %index) {
  %tensor = tail call ptr @sparsec_rt_output(ptr @small_model, i32 %index)
  ret ptr %tensor
}

define i32 @small_class_count() {
  %count = tail call i32 @sparsec_rt_class_count(ptr @small_model)
  ret i32 %count
}

define ptr @small_class_name(i32 %label) {
  %text = tail call ptr @sparsec_rt_class_name(ptr @small_model, i32 %label)
  ret ptr %text
}

define ptr @small_about(i32 %what) {
  %text = tail call ptr @sparsec_rt_about(ptr @small_model, i32 %what)
  ret ptr %text
}
