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
