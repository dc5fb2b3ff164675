	.text

# /conv_3
#   1x1x20, 25% of blocks are zero
#   tile: one vector
#   plan: step 0 alone in 1 band; 2 tiles
# three taps of one channel group
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

# /conv_3
#   1x1x20, 25% of blocks are zero
#   tile: one vector
#   plan: step 0 alone in 1 band; 2 tiles
# three taps of one channel group
	.p2align 4
	.globl small_avx512_vnni_conv_3
	.hidden small_avx512_vnni_conv_3
	.type small_avx512_vnni_conv_3, @function
small_avx512_vnni_conv_3:
	push %rbx
	mov 0(%rdi), %rax
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
.Lloop_small_avx512_vnni_conv_3_0:
	vpxord %zmm0, %zmm0, %zmm0
	mov $3, %ebx
.Lloop_small_avx512_vnni_conv_3_1:
	vmovdqu64 (%rax), %zmm1
	vpdpbusd (%rdx){1to16}, %zmm1, %zmm0
	add $640, %rax
	add $4, %rdx
	dec %ebx
	jnz .Lloop_small_avx512_vnni_conv_3_1
	vpsrld $2, %zmm0, %zmm0
	vmovdqu64 %zmm0, (%rcx)
	add $-1856, %rax
	add $64, %rcx
	add $-12, %rdx
	dec %rsi
	jnz .Lloop_small_avx512_vnni_conv_3_0
	pop %rbx
	vzeroupper
	ret
	.size small_avx512_vnni_conv_3, . - small_avx512_vnni_conv_3

# /conv_3
#   1x1x20, 25% of blocks are zero
#   tile: one vector
#   plan: step 0 alone in 1 band; 2 tiles
# three taps of one channel group
	.p2align 4
	.globl small_avx_vnni_conv_3
	.hidden small_avx_vnni_conv_3
	.type small_avx_vnni_conv_3, @function
small_avx_vnni_conv_3:
	push %rbx
	mov 0(%rdi), %rax
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
.Lloop_small_avx_vnni_conv_3_0:
	vpxor %ymm0, %ymm0, %ymm0
	mov $3, %ebx
.Lloop_small_avx_vnni_conv_3_1:
	vmovdqu (%rax), %ymm1
	vpbroadcastd (%rdx), %ymm12
	{vex} vpdpbusd %ymm12, %ymm1, %ymm0
	add $640, %rax
	add $4, %rdx
	dec %ebx
	jnz .Lloop_small_avx_vnni_conv_3_1
	vpsrld $2, %ymm0, %ymm0
	vmovdqu %ymm0, (%rcx)
	add $-1888, %rax
	add $32, %rcx
	add $-12, %rdx
	dec %rsi
	jnz .Lloop_small_avx_vnni_conv_3_0
	pop %rbx
	vzeroupper
	ret
	.size small_avx_vnni_conv_3, . - small_avx_vnni_conv_3

# /conv_3
#   1x1x20, 25% of blocks are zero
#   tile: one vector
#   plan: step 0 alone in 1 band; 2 tiles
# three taps of one channel group
	.p2align 4
	.globl small_avx2_conv_3
	.hidden small_avx2_conv_3
	.type small_avx2_conv_3, @function
small_avx2_conv_3:
	push %rbx
	mov 0(%rdi), %rax
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
	vpcmpeqw %ymm15, %ymm15, %ymm15
	vpsrlw $15, %ymm15, %ymm15
.Lloop_small_avx2_conv_3_0:
	vpxor %ymm0, %ymm0, %ymm0
	mov $3, %ebx
.Lloop_small_avx2_conv_3_1:
	vmovdqu (%rax), %ymm1
	vpbroadcastd (%rdx), %ymm12
	vpmaddubsw %ymm12, %ymm1, %ymm12
	vpmaddwd %ymm15, %ymm12, %ymm12
	vpaddd %ymm12, %ymm0, %ymm0
	add $640, %rax
	add $4, %rdx
	dec %ebx
	jnz .Lloop_small_avx2_conv_3_1
	vpsrld $2, %ymm0, %ymm0
	vmovdqu %ymm0, (%rcx)
	add $-1888, %rax
	add $32, %rcx
	add $-12, %rdx
	dec %rsi
	jnz .Lloop_small_avx2_conv_3_0
	pop %rbx
	vzeroupper
	ret
	.size small_avx2_conv_3, . - small_avx2_conv_3

