# The Python of tests that are scripts: the first that has numpy and onnx, of the one in PATH and the system's own, which
# Debian's packages serve; else the first, with which those tests skip what needs the packages. Sets test_python.
set(test_python "")
find_program(path_python NAMES python3)
find_program(system_python NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
mark_as_advanced(path_python system_python)
foreach(candidate ${path_python} ${system_python})
  execute_process(
    COMMAND ${candidate} -c "import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, ('numpy', 'onnx'))))"
    RESULT_VARIABLE without_packages OUTPUT_QUIET ERROR_QUIET)
  if(without_packages EQUAL 0)
    set(test_python ${candidate})
    break()
  endif()
endforeach()
if(NOT test_python AND path_python)
  set(test_python ${path_python})
elseif(NOT test_python AND system_python)
  set(test_python ${system_python})
endif()
