# add_sparse_model: an ONNX detector as a library target.
#
#   add_sparse_model(yolo MODEL yolov5s.onnx
#     [TARGETS isa...]        instruction sets; host when left out. Name them when you cross-compile: avx512_vnni avx2 scalar, or
#                             neon_i8mm neon_dotprod scalar
#     [BATCH n]               pictures per run
#     [INPUT_SHAPE h [w]]     of models with dynamic axes
#     [NAME n]                of the header, the library and their symbols; the target's name when left out
#     [NAMESPACE n]           of the C++ wrapper
#     [CLASS_NAMES file]      one name a line, or a data.yaml
#     [REPORT variable]       also writes the sparsity report and sets the variable to its path
#     [CPP_SOURCE variable]   also writes the C++ form of the library and sets the variable to its folder
#     [FLAGS ...])            more options for sparsec, as they are
#
# Makes the target `yolo`; link to it and #include "yolo.h". Relative paths are relative to the current source folder. The model is compiled
# by a plain `cmake --build`, whether a target links to it or not, and again when it, its external weights, the class names, another file that
# FLAGS name or the compiler change.
# docs/cmake.md tells it to users.
#
# The compiler is $SPARSEC_EXECUTABLE where that is set (the build machine's sparsec, for cross builds), else the target `sparsec` of this
# build, else the one that was installed with this file.

include_guard(GLOBAL)
cmake_policy(SET CMP0116 NEW)  # depfiles are seen from the folder of the build that they are in

# The compiler's command and what it depends on.
function(_sparsec_compiler command depends)
  if(SPARSEC_EXECUTABLE)
    set(${command} "${SPARSEC_EXECUTABLE}" PARENT_SCOPE)
    set(${depends} "${SPARSEC_EXECUTABLE}" PARENT_SCOPE)
  elseif(TARGET sparsec)
    set(${command} $<TARGET_FILE:sparsec> PARENT_SCOPE)
    set(${depends} sparsec PARENT_SCOPE)
  elseif(TARGET Sparsec::sparsec)
    set(${command} $<TARGET_FILE:Sparsec::sparsec> PARENT_SCOPE)
    set(${depends} $<TARGET_FILE:Sparsec::sparsec> PARENT_SCOPE)
  else()
    message(FATAL_ERROR "add_sparse_model: no compiler; set SPARSEC_EXECUTABLE to a sparsec that runs on this machine")
  endif()
endfunction()

# Fails unless VALUE matches PATTERN; says which argument of which call it is, and what would do.
function(_sparsec_expect target argument value pattern wanted)
  if(NOT "${value}" MATCHES "${pattern}")
    message(FATAL_ERROR "add_sparse_model(${target}): ${argument} '${value}': expected ${wanted}")
  endif()
endfunction()

function(add_sparse_model target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MODEL;BATCH;NAME;NAMESPACE;CLASS_NAMES;REPORT;CPP_SOURCE" "TARGETS;INPUT_SHAPE;FLAGS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "add_sparse_model(${target}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
  endif()
  list(REMOVE_ITEM arg_KEYWORDS_MISSING_VALUES TARGETS INPUT_SHAPE FLAGS)  # lists may be empty
  if(arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "add_sparse_model(${target}): no value for ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  # DEFINED and not the values' truth: a model for 0 pictures is a mistake, and a namespace may be called `n` or `off`.
  if(NOT DEFINED arg_MODEL)
    message(FATAL_ERROR "add_sparse_model(${target}): MODEL is missing")
  endif()
  if(CMAKE_CROSSCOMPILING AND NOT SPARSEC_EXECUTABLE)
    message(FATAL_ERROR "add_sparse_model(${target}): when cross-compiling, set SPARSEC_EXECUTABLE to a sparsec that runs on the build machine")
  endif()
  if(CMAKE_CROSSCOMPILING AND NOT DEFINED arg_TARGETS)
    message(FATAL_ERROR "add_sparse_model(${target}): when cross-compiling, name the TARGETS; host would be the build machine")
  endif()
  set(name "${target}")
  if(DEFINED arg_NAME)
    set(name "${arg_NAME}")
  endif()
  _sparsec_expect(${target} NAME "${name}" "^[A-Za-z][A-Za-z0-9_]*$" "a C identifier, such as yolo (where it is left out: the target's name)")

  get_filename_component(model "${arg_MODEL}" ABSOLUTE)
  _sparsec_compiler(sparsec depends)
  list(APPEND depends "${model}")

  # What shapes the model, for every form of the output; then what shapes the library.
  set(model_options)
  if(DEFINED arg_TARGETS)
    list(JOIN arg_TARGETS "," isas)
    list(APPEND model_options --target "${isas}")
  endif()
  if(DEFINED arg_BATCH)
    _sparsec_expect(${target} BATCH "${arg_BATCH}" "^[1-9][0-9]*$" "a number of pictures from 1")
    list(APPEND model_options --batch "${arg_BATCH}")
  endif()
  if(DEFINED arg_INPUT_SHAPE)
    list(JOIN arg_INPUT_SHAPE "," shape)
    _sparsec_expect(${target} INPUT_SHAPE "${shape}" "^[1-9][0-9]*(,[1-9][0-9]*)?$" "rows and columns, such as 640 640")
    list(APPEND model_options --input-shape "${shape}")
  endif()
  if(DEFINED arg_CLASS_NAMES)
    get_filename_component(class_names "${arg_CLASS_NAMES}" ABSOLUTE)
    list(APPEND model_options --class-names "${class_names}")
    list(APPEND depends "${class_names}")
  endif()
  set(library_options --name "${name}")
  if(DEFINED arg_NAMESPACE)
    set(identifier "[A-Za-z][A-Za-z0-9_]*")
    _sparsec_expect(${target} NAMESPACE "${arg_NAMESPACE}" "^${identifier}(::${identifier})*$" "identifiers joined by ::, such as shop::yolo")
    list(APPEND library_options --namespace "${arg_NAMESPACE}")
  endif()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}.sparsec")
  file(MAKE_DIRECTORY "${folder}")
  set(library "${folder}/lib${name}.a")
  set(header "${folder}/${name}.h")
  set(outputs "${library}" "${header}")
  set(report_options)
  if(DEFINED arg_REPORT)
    set(report "${folder}/${name}_report.html")
    set(report_options --report "${report}")
    list(APPEND outputs "${report}")
    set(${arg_REPORT} "${report}" PARENT_SCOPE)
  endif()
  add_custom_command(OUTPUT ${outputs}
    COMMAND ${sparsec} "${model}" -o "${library}" ${report_options} ${library_options} ${model_options} ${arg_FLAGS} --depfile "${library}.d"
    DEPENDS ${depends} DEPFILE "${library}.d" COMMENT "Compiling ${arg_MODEL} to lib${name}.a" VERBATIM)

  if(DEFINED arg_CPP_SOURCE)
    set(source "${folder}/${name}_cpp")
    set(sources "${source}/Makefile" "${source}/${name}.h")  # files of the folder, so that it comes back when it was removed
    add_custom_command(OUTPUT ${sources}
      COMMAND ${sparsec} "${model}" --emit cpp -o "${source}" ${library_options} ${model_options} ${arg_FLAGS} --depfile "${source}.d"
      DEPENDS ${depends} DEPFILE "${source}.d" COMMENT "Writing ${arg_MODEL} as C++" VERBATIM)
    list(APPEND outputs ${sources})
    set(${arg_CPP_SOURCE} "${source}" PARENT_SCOPE)
  endif()

  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)
  add_custom_target(${target}_sparsec ALL DEPENDS ${outputs})
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${library}"
    INTERFACE_INCLUDE_DIRECTORIES "${folder}"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;m")
  add_dependencies(${target} ${target}_sparsec)
endfunction()
