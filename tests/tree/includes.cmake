# Dependencies point one way: each box names the boxes whose headers it may include (itself is understood), and each
# foreign library has one place that knows it. A box is the longest row that is a prefix of a file's path.

set(rows
  # box                     may include
  "runtime/include         :"
  "runtime/core            : runtime/include"
  "runtime/detect          : runtime/include runtime/core"
  "runtime/host            : runtime/include"
  "compiler/error.h        :"
  "compiler/version.h      :"
  "compiler/ir             : compiler/error.h runtime/core/numerics.h"
  "compiler/oracle         : compiler/error.h compiler/ir runtime/core/numerics.h"
  "compiler/import         : compiler/error.h compiler/ir"
  "compiler/passes         : compiler/error.h compiler/ir compiler/oracle"
  "compiler/analysis       : compiler/error.h compiler/ir"
  "codegen/program         : compiler/error.h"
  "codegen/isa             : compiler/error.h codegen/program runtime/include"
  "codegen/interpret       : compiler/error.h codegen/program codegen/isa"
  "codegen/emit            : compiler/error.h codegen/program codegen/isa runtime/include runtime/core/steps.h"
  "codegen/kernels         : compiler/error.h compiler/ir compiler/oracle/numerics.h compiler/oracle/piecewise.h codegen/program codegen/isa"
  "compiler/plan           : compiler/error.h compiler/ir compiler/oracle/evaluate.h compiler/oracle/epilogue.h compiler/oracle/numerics.h compiler/passes/rewrite.h codegen/program codegen/isa codegen/kernels codegen/emit/image.h runtime/core/steps.h runtime/core/letterbox.h runtime/include"
  "compiler/compile        : compiler/error.h compiler/version.h compiler/ir compiler/import compiler/passes compiler/analysis compiler/plan codegen/isa codegen/emit/image.h runtime/core/cpu.h runtime/include"
  "compiler/engine         : compiler/error.h compiler/import/sha256.h codegen/emit runtime/include runtime/core/api.h runtime/host/temporary_watch.h"
  "compiler/verify         : compiler/error.h compiler/ir compiler/oracle compiler/compile compiler/plan compiler/engine codegen runtime/core/letterbox.h runtime/core/steps.h runtime/core/pool.h runtime/core/run.h runtime/core/api.h runtime/include"
  "compiler/measure        : compiler/error.h compiler/ir compiler/analysis compiler/compile compiler/plan compiler/engine codegen/isa codegen/kernels codegen/program codegen/emit/image.h runtime/core/api.h runtime/include"
  "compiler/cli            : compiler codegen/isa runtime/include runtime/core/cpu.h runtime/core/cpu_count.h runtime/core/pool.h runtime/core/letterbox.h runtime/host/temporary_watch.h"
  "samples                 : runtime/include"
)
# A row lists files; the pattern is what only they may include.
set(only
  "onnx/|onnx[.]pb[.]h      : compiler/import/onnx_reader.cc samples/demo_model/onnx_writer.cc"
  "llvm|lld                 : codegen/emit/backend"
  "CLI/                     : compiler/cli"
  "stb_                     : runtime/host"
  "turbojpeg|png[.]h        : runtime/host"
)

function(starts_with_one_of text prefixes result)
  set(${result} FALSE PARENT_SCOPE)
  foreach(prefix IN LISTS prefixes)
    string(FIND "${text}" "${prefix}" at)
    if(at EQUAL 0)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

set(boxes)
foreach(row IN LISTS rows)
  string(REGEX MATCH "^([^ ]+) *:(.*)$" matched "${row}")
  set(box "${CMAKE_MATCH_1}")
  separate_arguments(allowed UNIX_COMMAND "${CMAKE_MATCH_2}")
  list(APPEND boxes "${box}")
  set("allowed_${box}" "${box};${allowed}")
endforeach()

set(wrong "")
file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/compiler/*.cc ${SOURCE}/compiler/*.h ${SOURCE}/codegen/*.cc ${SOURCE}/codegen/*.h
     ${SOURCE}/runtime/*.cc ${SOURCE}/runtime/*.h ${SOURCE}/samples/*.cc ${SOURCE}/samples/*.h)
list(LENGTH files count)
if(count LESS 100)
  message(FATAL_ERROR "only ${count} sources found under ${SOURCE}")
endif()
foreach(file IN LISTS files)
  set(box "")
  foreach(candidate IN LISTS boxes)
    starts_with_one_of("${file}" "${candidate}" inside)
    if(inside)
      set(box "${candidate}")
    endif()
  endforeach()
  if(box STREQUAL "")
    string(APPEND wrong "${file}: belongs to no box of tests/tree/includes.cmake\n")
    continue()
  endif()
  file(STRINGS ${SOURCE}/${file} lines REGEX "^ *# *include")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "include *([<\"])([^>\"]+)")
      continue()
    endif()
    set(quoted "${CMAKE_MATCH_1}")
    set(header "${CMAKE_MATCH_2}")
    foreach(row IN LISTS only)
      string(REGEX MATCH "^([^ ]+) *: (.*)$" matched "${row}")
      set(pattern "${CMAKE_MATCH_1}")
      separate_arguments(owners UNIX_COMMAND "${CMAKE_MATCH_2}")
      if(header MATCHES "^(${pattern})")
        starts_with_one_of("${file}" "${owners}" allowed)
        if(NOT allowed)
          string(APPEND wrong "${file}: includes ${header}; only ${owners} may\n")
        endif()
      endif()
    endforeach()
    if(header MATCHES "^sparsec/")
      set(header "runtime/include/${header}")
    elseif(quoted STREQUAL "<" OR NOT header MATCHES "^(compiler|codegen|runtime|samples|tests)/")
      continue()  # a system's header, or one beside the file
    endif()
    starts_with_one_of("${header}" "${allowed_${box}}" allowed)
    if(NOT allowed)
      string(APPEND wrong "${file}: includes ${header}; ${box} may include: ${allowed_${box}}\n")
    endif()
  endforeach()
endforeach()
if(NOT wrong STREQUAL "")
  message(FATAL_ERROR "includes that point the wrong way:\n${wrong}")
endif()
