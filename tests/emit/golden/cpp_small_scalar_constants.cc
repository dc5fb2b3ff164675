// small: weights and tables for portable code for any CPU
//
//   source   small.onnx
//   sha256   0000000000000000000000000000000000000000000000000000000000000000
//   options  --target by-hand
//   written by sparsec 0.1.0

asm(R"(
	.section .rodata
	.p2align 6
	.globl small_scalar_constants
	.hidden small_scalar_constants
	.type small_scalar_constants, @object
small_scalar_constants:
	.quad 0x807060504030201,0xfdfcfbfa
	.size small_scalar_constants, . - small_scalar_constants
	.text
)");

