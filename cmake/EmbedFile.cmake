# sparsec_embed(TARGET FILE NAMESPACE SYMBOL): FILE's bytes as `extern const unsigned char SYMBOL[]; extern const size_t SYMBOLSize;` in
# NAMESPACE, compiled into TARGET. Rebuilt when the file changes. Run as a script (cmake -P), it writes the source.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${INPUT}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
  file(WRITE "${OUTPUT}" "// Made from ${NAME}.\n#include <cstddef>\nnamespace ${NAMESPACE} {\n"
    "extern const unsigned char ${SYMBOL}[];\nextern const size_t ${SYMBOL}Size;\n"
    "const unsigned char ${SYMBOL}[] = {\n${bytes}};\nconst size_t ${SYMBOL}Size = sizeof ${SYMBOL};\n}\n")
  return()
endif()

set(SPARSEC_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(sparsec_embed target file namespace symbol)
  get_filename_component(name ${file} NAME)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cc)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${output} -DNAME=${name} -DNAMESPACE=${namespace} -DSYMBOL=${symbol} -P ${SPARSEC_EMBED_SCRIPT}
    DEPENDS ${file} ${SPARSEC_EMBED_SCRIPT} COMMENT "Embedding ${name}" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
