# A project that is cross-compiled for 64-bit ARM takes a model by add_sparse_model, with the build machine's sparsec; the program runs under an emulator.
#   cmake -DSOURCE=... -DBINARY=... -DWORK=... -P cross.cmake

foreach(tool aarch64-linux-gnu-gcc aarch64-linux-gnu-g++ qemu-aarch64)
  find_program(found_${tool} ${tool})
  if(NOT found_${tool})
    message("SKIPPED: ${tool} is not installed")
    return()
  endif()
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${BINARY}/samples/demo_model/make_demo_model ${WORK}/demo.onnx)
file(WRITE ${WORK}/arm.cmake "set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
")
file(WRITE ${WORK}/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(arm LANGUAGES C CXX)
include(${SOURCE}/cmake/AddSparseModel.cmake)
add_sparse_model(demo MODEL demo.onnx TARGETS neon_dotprod scalar)
add_executable(program main.cc)
target_link_libraries(program PRIVATE demo -static)
")
# A grey picture has nothing in it; a red square in the middle is one thing.
file(WRITE ${WORK}/main.cc "#include <cstdio>
#include \"demo.h\"
int main() {
  std::vector<uint8_t> rgb(640 * 640 * 3, 128);
  demo::Model model;
  const size_t none = model.detect(rgb.data(), 640, 640).size();
  for (int y = 300; y < 360; ++y)
    for (int x = 300; x < 360; ++x) rgb[(y * 640 + x) * 3] = 230, rgb[(y * 640 + x) * 3 + 1] = rgb[(y * 640 + x) * 3 + 2] = 25;
  std::printf(\"%s: %zu, then\", model.isa(), none);
  for (const demo::Detection& d : model.detect(rgb.data(), 640, 640)) std::printf(\" %s\", demo::Model::class_name(d.label));
  std::printf(\"\\n\");
}
")
run(${CMAKE_COMMAND} -G Ninja -S ${WORK} -B ${WORK}/build -DCMAKE_TOOLCHAIN_FILE=${WORK}/arm.cmake -DSPARSEC_EXECUTABLE=${BINARY}/sparsec -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(qemu-aarch64 ${WORK}/build/program)
if(NOT text STREQUAL "neon_dotprod: 0, then red\n")
  message(FATAL_ERROR "found something else: ${text}")
endif()
