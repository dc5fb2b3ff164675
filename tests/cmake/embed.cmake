# A stranger's project on an installed sparsec: install, configure, build, detect, uninstall.
#   cmake -DSOURCE=... -DBINARY=... -DWORK=... -DFLAGS=... -P embed.cmake
# FLAGS: those that the runtime was compiled with, which a sanitizer asks of the program too.

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${BINARY}/samples/demo_model/make_demo_model ${WORK}/demo.onnx)
run(${BINARY}/samples/demo_model/draw_scene ${WORK}/scene.png)
run(${CMAKE_COMMAND} --install ${BINARY} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} --install ${BINARY} --prefix ${WORK}/second)  # a later one elsewhere, which the first must survive

run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/samples/embed_in_cmake -B ${WORK}/build -DCMAKE_CXX_FLAGS=${FLAGS} -DCMAKE_PREFIX_PATH=${WORK}/prefix -DMODEL=${WORK}/demo.onnx)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/count_objects ${WORK}/scene.png)
if(NOT text MATCHES "scene.png: 3 red 3 green 3 blue\n")
  message(FATAL_ERROR "found something else: ${text}")
endif()
if(NOT EXISTS ${WORK}/build/detector.sparsec/detector_report.html)
  message(FATAL_ERROR "no report")
endif()

# Each goes by itself, with the folders that this leaves empty; others' files and their folders stay.
file(WRITE ${WORK}/second/bin/other "")
foreach(prefix IN ITEMS prefix second)
  run(${CMAKE_COMMAND} -DSPARSEC_PREFIX=${WORK}/${prefix} -P ${SOURCE}/cmake/uninstall.cmake)
endforeach()
if(EXISTS ${WORK}/prefix)
  file(GLOB_RECURSE left LIST_DIRECTORIES true ${WORK}/prefix/*)
  message(FATAL_ERROR "uninstall left ${left}")
endif()
file(GLOB_RECURSE left LIST_DIRECTORIES true RELATIVE ${WORK}/second ${WORK}/second/*)
if(NOT left STREQUAL "bin;bin/other")
  message(FATAL_ERROR "uninstall left ${left}")
endif()

# By the build folder's own list, which cannot tell whose the empty folders are.
run(${CMAKE_COMMAND} --install ${BINARY} --prefix ${WORK}/third)
run(${CMAKE_COMMAND} -DSPARSEC_MANIFEST=${BINARY}/install_manifest.txt -P ${SOURCE}/cmake/uninstall.cmake)
file(GLOB_RECURSE left ${WORK}/third/*)
if(left)
  message(FATAL_ERROR "uninstall left ${left}")
endif()
