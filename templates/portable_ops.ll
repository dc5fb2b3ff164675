; The instructions of portable kernels: one function per opcode of the kernel IR, on vectors of four 32-bit lanes. A register is a stack slot (%d, %a, ...), a memory
; operand is a pointer register and an offset in bytes. Everything is inlined, so that slots become values. Floats are strict: no contraction, no reassociation; a fused
; multiply-add is written as one.

declare <4 x float> @llvm.fma.v4f32(<4 x float>, <4 x float>, <4 x float>)
declare <4 x float> @llvm.fabs.v4f32(<4 x float>)
declare <4 x float> @llvm.copysign.v4f32(<4 x float>, <4 x float>)
declare <4 x i32> @llvm.smax.v4i32(<4 x i32>, <4 x i32>)
declare <4 x i32> @llvm.smin.v4i32(<4 x i32>, <4 x i32>)
declare <16 x i8> @llvm.umax.v16i8(<16 x i8>, <16 x i8>)

; --- pointers and loops

; p = pointers[i]
define internal void @sparsec_pointer(ptr %p, ptr %pointers, i64 %i) alwaysinline {
  %slot = getelementptr ptr, ptr %pointers, i64 %i
  %value = load ptr, ptr %slot
  store ptr %value, ptr %p
  ret void
}

; p += offset
define internal void @sparsec_add_pointer(ptr %p, i64 %offset) alwaysinline {
  %old = load ptr, ptr %p
  %new = getelementptr i8, ptr %old, i64 %offset
  store ptr %new, ptr %p
  ret void
}

; --n > 0
define internal i1 @sparsec_again(ptr %n) alwaysinline {
  %old = load i64, ptr %n
  %new = sub i64 %old, 1
  store i64 %new, ptr %n
  %again = icmp sgt i64 %new, 0
  ret i1 %again
}

define internal ptr @sparsec_address(ptr %p, i64 %offset) alwaysinline {
  %base = load ptr, ptr %p
  %address = getelementptr i8, ptr %base, i64 %offset
  ret ptr %address
}

define internal <4 x i32> @sparsec_word(ptr %p, i64 %offset) alwaysinline {
  %address = call ptr @sparsec_address(ptr %p, i64 %offset)
  %word = load i32, ptr %address, align 1
  %one = insertelement <4 x i32> poison, i32 %word, i64 0
  %all = shufflevector <4 x i32> %one, <4 x i32> poison, <4 x i32> zeroinitializer
  ret <4 x i32> %all
}

define internal <4 x float> @sparsec_real(ptr %p, i64 %offset) alwaysinline {
  %word = call <4 x i32> @sparsec_word(ptr %p, i64 %offset)
  %real = bitcast <4 x i32> %word to <4 x float>
  ret <4 x float> %real
}

define internal <4 x i32> @sparsec_splat(i32 %word) alwaysinline {
  %one = insertelement <4 x i32> poison, i32 %word, i64 0
  %all = shufflevector <4 x i32> %one, <4 x i32> poison, <4 x i32> zeroinitializer
  ret <4 x i32> %all
}

; A CPU without a fused multiply-add calls the C library for each lane: kept apart, as kernels do this often and inlined
; copies would take long to compile.
define internal <4 x float> @sparsec_fma_values(<4 x float> %x, <4 x float> %y, <4 x float> %z) noinline {
  %result = call <4 x float> @llvm.fma.v4f32(<4 x float> %x, <4 x float> %y, <4 x float> %z)
  ret <4 x float> %result
}

; --- moves

define internal void @sparsec_zero(ptr %d) alwaysinline {
  store <4 x i32> zeroinitializer, ptr %d
  ret void
}

define internal void @sparsec_move(ptr %d, ptr %a) alwaysinline {
  %x = load <4 x i32>, ptr %a
  store <4 x i32> %x, ptr %d
  ret void
}

define internal void @sparsec_load(ptr %d, ptr %p, i64 %offset) alwaysinline {
  %m = call ptr @sparsec_address(ptr %p, i64 %offset)
  %x = load <4 x i32>, ptr %m, align 1
  store <4 x i32> %x, ptr %d
  ret void
}

define internal void @sparsec_store(ptr %a, ptr %p, i64 %offset) alwaysinline {
  %m = call ptr @sparsec_address(ptr %p, i64 %offset)
  %x = load <4 x i32>, ptr %a
  store <4 x i32> %x, ptr %m, align 1
  ret void
}

define internal void @sparsec_broadcast(ptr %d, ptr %p, i64 %offset) alwaysinline {
  %x = call <4 x i32> @sparsec_word(ptr %p, i64 %offset)
  store <4 x i32> %x, ptr %d
  ret void
}

; bit i of the mask's byte chooses lane i of a
define internal void @sparsec_select(ptr %d, ptr %a, ptr %p, i64 %offset) alwaysinline {
  %m = call ptr @sparsec_address(ptr %p, i64 %offset)
  %byte = load i8, ptr %m
  %mask = zext i8 %byte to i32
  %masks = call <4 x i32> @sparsec_splat(i32 %mask)
  %bits = and <4 x i32> %masks, <i32 1, i32 2, i32 4, i32 8>
  %chosen = icmp ne <4 x i32> %bits, zeroinitializer
  %x = load <4 x i32>, ptr %a
  %old = load <4 x i32>, ptr %d
  %new = select <4 x i1> %chosen, <4 x i32> %x, <4 x i32> %old
  store <4 x i32> %new, ptr %d
  ret void
}

define internal void @sparsec_even_lanes(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %y = load <4 x i32>, ptr %b
  %z = shufflevector <4 x i32> %x, <4 x i32> %y, <4 x i32> <i32 0, i32 2, i32 4, i32 6>
  store <4 x i32> %z, ptr %d
  ret void
}

define internal void @sparsec_odd_lanes(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %y = load <4 x i32>, ptr %b
  %z = shufflevector <4 x i32> %x, <4 x i32> %y, <4 x i32> <i32 1, i32 3, i32 5, i32 7>
  store <4 x i32> %z, ptr %d
  ret void
}

; --- products

; Even and odd bytes apart, so that each is a product of 16-bit numbers summed in pairs.
define internal <4 x i32> @sparsec_dot4_values(<4 x i32> %x, ptr %p, i64 %offset) alwaysinline {
  %word = call <4 x i32> @sparsec_word(ptr %p, i64 %offset)
  %x16 = bitcast <4 x i32> %x to <8 x i16>
  %w16 = bitcast <4 x i32> %word to <8 x i16>
  %x.even = and <8 x i16> %x16, splat (i16 255)
  %x.odd = lshr <8 x i16> %x16, splat (i16 8)
  %w.shifted = shl <8 x i16> %w16, splat (i16 8)
  %w.even = ashr <8 x i16> %w.shifted, splat (i16 8)
  %w.odd = ashr <8 x i16> %w16, splat (i16 8)
  %even = call <4 x i32> @sparsec_product_pairs(<8 x i16> %x.even, <8 x i16> %w.even)
  %odd = call <4 x i32> @sparsec_product_pairs(<8 x i16> %x.odd, <8 x i16> %w.odd)
  %sum = add <4 x i32> %even, %odd
  ret <4 x i32> %sum
}

define internal void @sparsec_dot4(ptr %d, ptr %a, ptr %p, i64 %offset) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %sum = call <4 x i32> @sparsec_dot4_values(<4 x i32> %x, ptr %p, i64 %offset)
  %old = load <4 x i32>, ptr %d
  %new = add <4 x i32> %old, %sum
  store <4 x i32> %new, ptr %d
  ret void
}

; d may be b or c too: they are read before it is written
define internal void @sparsec_dot8(ptr %d, ptr %a, ptr %b, ptr %p, i64 %offset) alwaysinline {
  %y = load <4 x i32>, ptr %b
  %at = add i64 %offset, 4
  %second = call <4 x i32> @sparsec_dot4_values(<4 x i32> %y, ptr %p, i64 %at)
  call void @sparsec_dot4(ptr %d, ptr %a, ptr %p, i64 %offset)
  %old = load <4 x i32>, ptr %d
  %new = add <4 x i32> %old, %second
  store <4 x i32> %new, ptr %d
  ret void
}

define internal void @sparsec_dot12(ptr %d, ptr %a, ptr %b, ptr %c, ptr %p, i64 %offset) alwaysinline {
  %z = load <4 x i32>, ptr %c
  %at = add i64 %offset, 8
  %third = call <4 x i32> @sparsec_dot4_values(<4 x i32> %z, ptr %p, i64 %at)
  call void @sparsec_dot8(ptr %d, ptr %a, ptr %b, ptr %p, i64 %offset)
  %old = load <4 x i32>, ptr %d
  %new = add <4 x i32> %old, %third
  store <4 x i32> %new, ptr %d
  ret void
}

define internal <4 x i32> @sparsec_product_pairs(<8 x i16> %x, <8 x i16> %w) alwaysinline {
  %x32 = sext <8 x i16> %x to <8 x i32>
  %w32 = sext <8 x i16> %w to <8 x i32>
  %products = mul nsw <8 x i32> %x32, %w32
  %even = shufflevector <8 x i32> %products, <8 x i32> poison, <4 x i32> <i32 0, i32 2, i32 4, i32 6>
  %odd = shufflevector <8 x i32> %products, <8 x i32> poison, <4 x i32> <i32 1, i32 3, i32 5, i32 7>
  %sum = add <4 x i32> %even, %odd
  ret <4 x i32> %sum
}

; d = fma(a, word, d)
define internal void @sparsec_fma_word(ptr %d, ptr %a, ptr %p, i64 %offset) alwaysinline {
  %w = call <4 x float> @sparsec_real(ptr %p, i64 %offset)
  %x = load <4 x float>, ptr %a
  %old = load <4 x float>, ptr %d
  %new = call <4 x float> @sparsec_fma_values(<4 x float> %x, <4 x float> %w, <4 x float> %old)
  store <4 x float> %new, ptr %d
  ret void
}

; --- int32

define internal void @sparsec_add_i32(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %y = load <4 x i32>, ptr %b
  %z = add <4 x i32> %x, %y
  store <4 x i32> %z, ptr %d
  ret void
}

define internal void @sparsec_shift_left(ptr %d, ptr %a, i32 %i) alwaysinline {
  %count = call <4 x i32> @sparsec_splat(i32 %i)
  %x = load <4 x i32>, ptr %a
  %z = shl <4 x i32> %x, %count
  store <4 x i32> %z, ptr %d
  ret void
}

define internal void @sparsec_shift_right(ptr %d, ptr %a, i32 %i) alwaysinline {
  %count = call <4 x i32> @sparsec_splat(i32 %i)
  %x = load <4 x i32>, ptr %a
  %z = lshr <4 x i32> %x, %count
  store <4 x i32> %z, ptr %d
  ret void
}

; --- float32

define internal void @sparsec_add(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x float>, ptr %a
  %y = load <4 x float>, ptr %b
  %z = fadd <4 x float> %x, %y
  store <4 x float> %z, ptr %d
  ret void
}

define internal void @sparsec_sub(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x float>, ptr %a
  %y = load <4 x float>, ptr %b
  %z = fsub <4 x float> %x, %y
  store <4 x float> %z, ptr %d
  ret void
}

define internal void @sparsec_mul(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x float>, ptr %a
  %y = load <4 x float>, ptr %b
  %z = fmul <4 x float> %x, %y
  store <4 x float> %z, ptr %d
  ret void
}

define internal void @sparsec_div(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x float>, ptr %a
  %y = load <4 x float>, ptr %b
  %z = fdiv <4 x float> %x, %y
  store <4 x float> %z, ptr %d
  ret void
}

define internal void @sparsec_min(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x float>, ptr %a
  %y = load <4 x float>, ptr %b
  %first = fcmp olt <4 x float> %x, %y
  %z = select <4 x i1> %first, <4 x float> %x, <4 x float> %y
  store <4 x float> %z, ptr %d
  ret void
}

define internal void @sparsec_max(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x float>, ptr %a
  %y = load <4 x float>, ptr %b
  %first = fcmp ogt <4 x float> %x, %y
  %z = select <4 x i1> %first, <4 x float> %x, <4 x float> %y
  store <4 x float> %z, ptr %d
  ret void
}

; d = fma(a, b, d)
define internal void @sparsec_fma(ptr %d, ptr %a, ptr %b) alwaysinline {
  %y = load <4 x float>, ptr %b
  %x = load <4 x float>, ptr %a
  %old = load <4 x float>, ptr %d
  %new = call <4 x float> @sparsec_fma_values(<4 x float> %x, <4 x float> %y, <4 x float> %old)
  store <4 x float> %new, ptr %d
  ret void
}

; d = fma(d, word, a)
define internal void @sparsec_fma_scale(ptr %d, ptr %a, ptr %p, i64 %offset) alwaysinline {
  %w = call <4 x float> @sparsec_real(ptr %p, i64 %offset)
  %x = load <4 x float>, ptr %a
  %old = load <4 x float>, ptr %d
  %new = call <4 x float> @sparsec_fma_values(<4 x float> %old, <4 x float> %w, <4 x float> %x)
  store <4 x float> %new, ptr %d
  ret void
}

define internal void @sparsec_mul_word(ptr %d, ptr %a, ptr %p, i64 %offset) alwaysinline {
  %w = call <4 x float> @sparsec_real(ptr %p, i64 %offset)
  %x = load <4 x float>, ptr %a
  %z = fmul <4 x float> %x, %w
  store <4 x float> %z, ptr %d
  ret void
}

define internal void @sparsec_add_word(ptr %d, ptr %a, ptr %p, i64 %offset) alwaysinline {
  %w = call <4 x float> @sparsec_real(ptr %p, i64 %offset)
  %x = load <4 x float>, ptr %a
  %z = fadd <4 x float> %x, %w
  store <4 x float> %z, ptr %d
  ret void
}

define internal void @sparsec_bit_and(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %y = load <4 x i32>, ptr %b
  %z = and <4 x i32> %x, %y
  store <4 x i32> %z, ptr %d
  ret void
}

define internal void @sparsec_bit_or(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %y = load <4 x i32>, ptr %b
  %z = or <4 x i32> %x, %y
  store <4 x i32> %z, ptr %d
  ret void
}

define internal void @sparsec_bit_xor(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %y = load <4 x i32>, ptr %b
  %z = xor <4 x i32> %x, %y
  store <4 x i32> %z, ptr %d
  ret void
}

define internal void @sparsec_to_float(ptr %d, ptr %a) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %z = sitofp <4 x i32> %x to <4 x float>
  store <4 x float> %z, ptr %d
  ret void
}

define internal void @sparsec_to_int(ptr %d, ptr %a) alwaysinline {
  %x = load <4 x float>, ptr %a
  %z = call <4 x i32> @sparsec_to_int_values(<4 x float> %x)
  store <4 x i32> %z, ptr %d
  ret void
}

; Adding and taking away 2^23 rounds the magnitude half to even; from 2^23 on every float is whole. What int32 cannot
; hold, NaN too, gives the least int32.
define internal <4 x i32> @sparsec_to_int_values(<4 x float> %x) noinline {
  %magnitude = call <4 x float> @llvm.fabs.v4f32(<4 x float> %x)
  %small = fcmp olt <4 x float> %magnitude, splat (float 8388608.0)
  %shifted = fadd <4 x float> %magnitude, splat (float 8388608.0)
  %rounded = fsub <4 x float> %shifted, splat (float 8388608.0)
  %signed = call <4 x float> @llvm.copysign.v4f32(<4 x float> %rounded, <4 x float> %x)
  %whole = select <4 x i1> %small, <4 x float> %signed, <4 x float> %x
  %above = fcmp oge <4 x float> %x, splat (float -2147483648.0)
  %below = fcmp olt <4 x float> %x, splat (float 2147483648.0)
  %fits = and <4 x i1> %above, %below
  %safe = select <4 x i1> %fits, <4 x float> %whole, <4 x float> splat (float -2147483648.0)
  %z = fptosi <4 x float> %safe to <4 x i32>
  ret <4 x i32> %z
}

; d = table[a & 7]
define internal void @sparsec_lookup8(ptr %d, ptr %a, ptr %p, i64 %offset) alwaysinline {
  %table = call ptr @sparsec_address(ptr %p, i64 %offset)
  %x = load <4 x i32>, ptr %a
  %z = call <4 x i32> @sparsec_lookup8_values(<4 x i32> %x, ptr %table)
  store <4 x i32> %z, ptr %d
  ret void
}

define internal <4 x i32> @sparsec_lookup8_values(<4 x i32> %x, ptr %table) noinline {
  %masked = and <4 x i32> %x, splat (i32 7)
  %index0 = extractelement <4 x i32> %masked, i64 0
  %entry0 = getelementptr i32, ptr %table, i32 %index0
  %value0 = load i32, ptr %entry0, align 1
  %z0 = insertelement <4 x i32> poison, i32 %value0, i64 0
  %index1 = extractelement <4 x i32> %masked, i64 1
  %entry1 = getelementptr i32, ptr %table, i32 %index1
  %value1 = load i32, ptr %entry1, align 1
  %z1 = insertelement <4 x i32> %z0, i32 %value1, i64 1
  %index2 = extractelement <4 x i32> %masked, i64 2
  %entry2 = getelementptr i32, ptr %table, i32 %index2
  %value2 = load i32, ptr %entry2, align 1
  %z2 = insertelement <4 x i32> %z1, i32 %value2, i64 2
  %index3 = extractelement <4 x i32> %masked, i64 3
  %entry3 = getelementptr i32, ptr %table, i32 %index3
  %value3 = load i32, ptr %entry3, align 1
  %z3 = insertelement <4 x i32> %z2, i32 %value3, i64 3
  ret <4 x i32> %z3
}

; --- bytes

define internal void @sparsec_max_u8(ptr %d, ptr %a, ptr %b) alwaysinline {
  %x = load <16 x i8>, ptr %a
  %y = load <16 x i8>, ptr %b
  %z = call <16 x i8> @llvm.umax.v16i8(<16 x i8> %x, <16 x i8> %y)
  store <16 x i8> %z, ptr %d
  ret void
}

; byte i of each lane
define internal void @sparsec_unpack(ptr %d, ptr %a, i32 %i) alwaysinline {
  %bits = mul i32 %i, 8
  %count = call <4 x i32> @sparsec_splat(i32 %bits)
  %x = load <4 x i32>, ptr %a
  %shifted = lshr <4 x i32> %x, %count
  %z = and <4 x i32> %shifted, splat (i32 255)
  store <4 x i32> %z, ptr %d
  ret void
}

define internal <4 x i32> @sparsec_clamped_byte(ptr %a) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %positive = call <4 x i32> @llvm.smax.v4i32(<4 x i32> %x, <4 x i32> zeroinitializer)
  %byte = call <4 x i32> @llvm.smin.v4i32(<4 x i32> %positive, <4 x i32> splat (i32 255))
  ret <4 x i32> %byte
}

define internal <4 x i32> @sparsec_signed_byte(<4 x i32> %x) alwaysinline {
  %above = call <4 x i32> @llvm.smax.v4i32(<4 x i32> %x, <4 x i32> splat (i32 -128))
  %within = call <4 x i32> @llvm.smin.v4i32(<4 x i32> %above, <4 x i32> splat (i32 127))
  %byte = and <4 x i32> %within, splat (i32 255)
  ret <4 x i32> %byte
}

define internal <4 x i32> @sparsec_clamped_signed_byte(ptr %a) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %byte = call <4 x i32> @sparsec_signed_byte(<4 x i32> %x)
  ret <4 x i32> %byte
}

define internal void @sparsec_store_bytes(ptr %d, <4 x i32> %byte0, <4 x i32> %byte1, <4 x i32> %byte2, <4 x i32> %byte3) alwaysinline {
  %placed1 = shl <4 x i32> %byte1, splat (i32 8)
  %placed2 = shl <4 x i32> %byte2, splat (i32 16)
  %placed3 = shl <4 x i32> %byte3, splat (i32 24)
  %low = or <4 x i32> %byte0, %placed1
  %high = or <4 x i32> %placed2, %placed3
  %z = or <4 x i32> %low, %high
  store <4 x i32> %z, ptr %d
  ret void
}

; The bytes of a lane are those of a, b, c, e, lowest first.
define internal void @sparsec_pack(ptr %d, ptr %a, ptr %b, ptr %c, ptr %e) alwaysinline {
  %byte0 = call <4 x i32> @sparsec_clamped_byte(ptr %a)
  %byte1 = call <4 x i32> @sparsec_clamped_byte(ptr %b)
  %byte2 = call <4 x i32> @sparsec_clamped_byte(ptr %c)
  %byte3 = call <4 x i32> @sparsec_clamped_byte(ptr %e)
  call void @sparsec_store_bytes(ptr %d, <4 x i32> %byte0, <4 x i32> %byte1, <4 x i32> %byte2, <4 x i32> %byte3)
  ret void
}

define internal void @sparsec_pack_s8(ptr %d, ptr %a, ptr %b, ptr %c, ptr %e) alwaysinline {
  %byte0 = call <4 x i32> @sparsec_clamped_signed_byte(ptr %a)
  %byte1 = call <4 x i32> @sparsec_clamped_signed_byte(ptr %b)
  %byte2 = call <4 x i32> @sparsec_clamped_signed_byte(ptr %c)
  %byte3 = call <4 x i32> @sparsec_clamped_signed_byte(ptr %e)
  call void @sparsec_store_bytes(ptr %d, <4 x i32> %byte0, <4 x i32> %byte1, <4 x i32> %byte2, <4 x i32> %byte3)
  ret void
}

; The lanes' low halves, which are int16, and then as pack_s8.
define internal <4 x i32> @sparsec_clamped_half(ptr %a) alwaysinline {
  %x = load <4 x i32>, ptr %a
  %up = shl <4 x i32> %x, splat (i32 16)
  %half = ashr <4 x i32> %up, splat (i32 16)
  %byte = call <4 x i32> @sparsec_signed_byte(<4 x i32> %half)
  ret <4 x i32> %byte
}

define internal void @sparsec_pack_half(ptr %d, ptr %a, ptr %b, ptr %c, ptr %e) alwaysinline {
  %byte0 = call <4 x i32> @sparsec_clamped_half(ptr %a)
  %byte1 = call <4 x i32> @sparsec_clamped_half(ptr %b)
  %byte2 = call <4 x i32> @sparsec_clamped_half(ptr %c)
  %byte3 = call <4 x i32> @sparsec_clamped_half(ptr %e)
  call void @sparsec_store_bytes(ptr %d, <4 x i32> %byte0, <4 x i32> %byte1, <4 x i32> %byte2, <4 x i32> %byte3)
  ret void
}

; bytewise d = table[a]
define internal void @sparsec_lookup256(ptr %d, ptr %a, ptr %p, i64 %offset) alwaysinline {
  %table = call ptr @sparsec_address(ptr %p, i64 %offset)
  %x = load <16 x i8>, ptr %a
  %z = call <16 x i8> @sparsec_lookup256_values(<16 x i8> %x, ptr %table)
  store <16 x i8> %z, ptr %d
  ret void
}

define internal <16 x i8> @sparsec_lookup256_values(<16 x i8> %x, ptr %table) noinline {
entry:
  br label %byte
byte:
  %i = phi i64 [ 0, %entry ], [ %next, %byte ]
  %old = phi <16 x i8> [ poison, %entry ], [ %new, %byte ]
  %value = extractelement <16 x i8> %x, i64 %i
  %index = zext i8 %value to i64
  %entry.address = getelementptr i8, ptr %table, i64 %index
  %found = load i8, ptr %entry.address
  %new = insertelement <16 x i8> %old, i8 %found, i64 %i
  %next = add i64 %i, 1
  %again = icmp ult i64 %next, 16
  br i1 %again, label %byte, label %done
done:
  ret <16 x i8> %new
}
