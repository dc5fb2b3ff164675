// small: kernels for AVX-512 VNNI and AMX int8 tiles (Intel Sapphire Rapids and later)
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
	.globl small_amx_conv_3
	.hidden small_amx_conv_3
	.type small_amx_conv_3, @function
small_amx_conv_3:
	push %rbx
	mov 0(%rdi), %rax
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
.Lloop_small_amx_conv_3_0:
	vpxord %zmm0, %zmm0, %zmm0
	mov $3, %ebx
.Lloop_small_amx_conv_3_1:
	vmovdqu64 (%rax), %zmm1
	vpdpbusd (%rdx){1to16}, %zmm1, %zmm0
	add $640, %rax
	add $4, %rdx
	dec %ebx
	jnz .Lloop_small_amx_conv_3_1
	vpsrld $2, %zmm0, %zmm0
	vmovdqu64 %zmm0, (%rcx)
	add $-1856, %rax
	add $64, %rcx
	add $-12, %rdx
	dec %rsi
	jnz .Lloop_small_amx_conv_3_0
	pop %rbx
	vzeroupper
	ret
	.size small_amx_conv_3, . - small_amx_conv_3
)");

