// small: kernels for 64-bit ARM with I8MM (Cortex-A510 and A710 and later, Graviton 3)
//
//   source   small.onnx
//   sha256   0000000000000000000000000000000000000000000000000000000000000000
//   options  --target by-hand
//   written by sparsec 0.1.0

// /conv_3
//   1x1x20, 25% of blocks are zero
//   tile: one vector
//   plan: step 0 alone in 1 band; 2 tiles
// three taps of one channel group
asm(R"(
	.text
	.p2align 4
	.globl small_neon_i8mm_conv_3
	.hidden small_neon_i8mm_conv_3
	.type small_neon_i8mm_conv_3, @function
	.arch armv8.2-a+i8mm
small_neon_i8mm_conv_3:
	ldr x2, [x0, #0]
	ldr x3, [x0, #8]
	ldr x4, [x0, #16]
.Lloop_small_neon_i8mm_conv_3_0:
	movi v0.4s, #0
	mov x10, #3
.Lloop_small_neon_i8mm_conv_3_1:
	ldr q1, [x2]
	ldr s24, [x4]
	usdot v0.4s, v1.16b, v24.4b[0]
	add x2, x2, #640
	add x4, x4, #4
	subs x10, x10, #1
	b.ne .Lloop_small_neon_i8mm_conv_3_1
	ushr v0.4s, v0.4s, #2
	str q0, [x3]
	sub x2, x2, #1904
	add x3, x3, #16
	sub x4, x4, #12
	subs x1, x1, #1
	b.ne .Lloop_small_neon_i8mm_conv_3_0
	ret
	.size small_neon_i8mm_conv_3, . - small_neon_i8mm_conv_3
)");

