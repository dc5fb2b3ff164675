define hidden void @small_scalar_conv_3(ptr %pointers, i64 %tiles) {
  %v0 = alloca <4 x i32>
  %v1 = alloca <4 x i32>
  %p0 = alloca ptr
  %p1 = alloca ptr
  %p2 = alloca ptr
  %n0 = alloca i64
  %n1 = alloca i64
  call void @sparsec_pointer(ptr %p0, ptr %pointers, i64 0)
  call void @sparsec_pointer(ptr %p1, ptr %pointers, i64 1)
  call void @sparsec_pointer(ptr %p2, ptr %pointers, i64 2)
  store i64 %tiles, ptr %n0
  br label %loop0
loop0:
  call void @sparsec_zero(ptr %v0)
  store i64 3, ptr %n1
  br label %loop1
loop1:
  call void @sparsec_load(ptr %v1, ptr %p0, i64 0)
  call void @sparsec_dot4(ptr %v0, ptr %v1, ptr %p2, i64 0)
  call void @sparsec_add_pointer(ptr %p0, i64 640)
  call void @sparsec_add_pointer(ptr %p2, i64 4)
  %again1 = call i1 @sparsec_again(ptr %n1)
  br i1 %again1, label %loop1, label %end1
end1:
  call void @sparsec_shift_right(ptr %v0, ptr %v0, i32 2)
  call void @sparsec_store(ptr %v0, ptr %p1, i64 0)
  call void @sparsec_add_pointer(ptr %p0, i64 -1904)
  call void @sparsec_add_pointer(ptr %p1, i64 16)
  call void @sparsec_add_pointer(ptr %p2, i64 -12)
  %again0 = call i1 @sparsec_again(ptr %n0)
  br i1 %again0, label %loop0, label %end0
end0:
  ret void
}
