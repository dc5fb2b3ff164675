# A stranger's project that has sparsec's sources in a folder of its own: add_subdirectory, configure, build, detect.
#   cmake -DSOURCE=... -DBINARY=... -DWORK=... [-DLAUNCHER=ccache] -P subdirectory.cmake
#
# That the model's library waits for this build's compiler is read from the commands of the build. Then the compiler that is there
# already serves instead, so that the test builds only the runtime.

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/project/third_party)
run(${BINARY}/samples/demo_model/make_demo_model ${WORK}/project/demo.onnx)
run(${BINARY}/samples/demo_model/draw_scene ${WORK}/scene.png)
file(CREATE_LINK ${SOURCE} ${WORK}/project/third_party/sparsec SYMBOLIC)
file(COPY ${SOURCE}/samples/embed_in_cmake/count_objects.cc DESTINATION ${WORK}/project)
file(WRITE ${WORK}/project/CMakeLists.txt [[
cmake_minimum_required(VERSION 3.25)
project(stranger LANGUAGES CXX)
add_subdirectory(third_party/sparsec EXCLUDE_FROM_ALL)
add_sparse_model(detector MODEL demo.onnx NAMESPACE vision)
add_executable(count_objects count_objects.cc)
target_compile_features(count_objects PRIVATE cxx_std_20)
target_link_libraries(count_objects PRIVATE detector Sparsec::runtime)
if(NOT "${CMAKE_CXX_FLAGS}${CMAKE_CXX_STANDARD}" STREQUAL "")
  message(FATAL_ERROR "sparsec changed the project's own settings")
endif()
]])

set(configure ${CMAKE_COMMAND} -G Ninja -S ${WORK}/project -B ${WORK}/build -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${configure})
run(ninja -C ${WORK}/build -t commands count_objects)
foreach(part "third_party/sparsec/sparsec[^\n]*/demo.onnx -o [^\n]*libdetector.a" "-o third_party/sparsec/sparsec ")
  if(NOT text MATCHES "${part}")
    message(FATAL_ERROR "the build does not do ${part}:\n${text}")
  endif()
endforeach()

run(${configure} -DSPARSEC_EXECUTABLE=${BINARY}/sparsec)
run(${CMAKE_COMMAND} --build ${WORK}/build --target count_objects)
run(${WORK}/build/count_objects ${WORK}/scene.png)
if(NOT text MATCHES "scene.png: 3 red 3 green 3 blue\n")
  message(FATAL_ERROR "found something else: ${text}")
endif()
