# Writes OUTPUT, a C++ file whose function FUNCTION returns the files that LIST names, read by the assembler.
file(STRINGS ${LIST} files)
set(bytes "")
set(declarations "")
set(rows "")
set(i 0)
foreach(file IN LISTS files)
  string(FIND "${file}" "${ROOT}/" inside)
  get_filename_component(name "${file}" NAME)
  if(inside EQUAL 0 AND NOT file MATCHES "\\.o$")
    file(RELATIVE_PATH name "${ROOT}" "${file}")
  endif()
  set(symbol "sparsec_${FUNCTION}_${i}")
  string(APPEND bytes "    \".balign 16\\n${symbol}:\\n.incbin \\\"${file}\\\"\\n${symbol}_end:\\n.byte 0\\n\"\n")
  string(APPEND declarations "extern const char ${symbol}[], ${symbol}_end[];\n")
  string(APPEND rows "      {\"${name}\", {${symbol}, static_cast<size_t>(${symbol}_end - ${symbol})}},\n")
  math(EXPR i "${i} + 1")
  file(SHA256 "${file}" digest)
  string(APPEND digests "// ${digest}\n")
endforeach()
file(WRITE ${OUTPUT} "// Generated: files that travel inside the program. Their digests, so that a change of one makes this file new:
${digests}#include \"codegen/emit/resources.h\"

asm(\".section .rodata\\n\"
${bytes}    \".text\\n\");

extern \"C\" {
${declarations}}

namespace sparsec {

const std::vector<Resource>& ${FUNCTION}() {
  static const std::vector<Resource> resources = {
${rows}  };
  return resources;
}

}  // namespace sparsec
")
