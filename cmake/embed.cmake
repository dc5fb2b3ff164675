# sparsec_embed(TARGET FUNCTION FILES...): compiles files into TARGET. The C++ function FUNCTION (namespace sparsec, declared in codegen/emit/resources.h) then returns them,
# by their paths relative to the source folder, or by their plain names where they are objects. A file may be $<TARGET_OBJECTS:t>.
function(sparsec_embed target function)
  set(list ${CMAKE_CURRENT_BINARY_DIR}/${function}.list)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cc)
  file(GENERATE OUTPUT ${list} CONTENT "$<JOIN:${ARGN},\n>\n")
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DLIST=${list} -DOUTPUT=${source} -DFUNCTION=${function} -DROOT=${PROJECT_SOURCE_DIR}
            -P ${PROJECT_SOURCE_DIR}/cmake/write_resources.cmake
    DEPENDS ${list} ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/write_resources.cmake
    COMMENT "Embedding ${function}" VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()
