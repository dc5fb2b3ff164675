# sparsec_cross_objects(VARIABLE ARCHITECTURE TARGET FOLDER): FOLDER/*.cc compiled for another architecture with TARGET's compile options, one object each; VARIABLE is
# their list. Empty where there is no ARCHITECTURE-linux-gnu-g++.
function(sparsec_cross_objects variable architecture target folder)
  set(${variable} "" PARENT_SCOPE)
  find_program(SPARSEC_CXX_${architecture} ${architecture}-linux-gnu-g++)
  mark_as_advanced(SPARSEC_CXX_${architecture})
  if(NOT SPARSEC_CXX_${architecture})
    message(STATUS "Static libraries for ${architecture}: no, for want of ${architecture}-linux-gnu-g++")
    return()
  endif()
  message(STATUS "Static libraries for ${architecture}: yes, with ${SPARSEC_CXX_${architecture}}")
  set(objects)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${architecture})
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${architecture}/${name}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${SPARSEC_CXX_${architecture}} -std=c++20 -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -ffp-contract=off
              "$<TARGET_PROPERTY:${target},COMPILE_OPTIONS>" -I${PROJECT_SOURCE_DIR} -I${PROJECT_SOURCE_DIR}/runtime/include -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d COMMAND_EXPAND_LISTS VERBATIM COMMENT "Compiling ${name} for ${architecture}")
    list(APPEND objects ${object})
  endforeach()
  set(${variable} ${objects} PARENT_SCOPE)
endfunction()
