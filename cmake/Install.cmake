# What `cmake --install` puts where: the compiler, the headers and the library for applications, and the CMake package. And `uninstall`.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(Sparsec::runtime ALIAS sparsec_host)
set_target_properties(sparsec_host PROPERTIES EXPORT_NAME runtime)
if(NOT PROJECT_IS_TOP_LEVEL)
  return()  # part of another project, which installs what it wants
endif()
if(TARGET sparsec)
  install(TARGETS sparsec RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # Not the multiarch folder: the program looks for ../lib/sparsec (compiler/engine/backend_module.cc).
  install(TARGETS sparsec_backend LIBRARY DESTINATION lib/sparsec)
endif()
install(TARGETS sparsec_host EXPORT SparsecTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY runtime/include/sparsec DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN npy.h EXCLUDE)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Sparsec)
install(EXPORT SparsecTargets NAMESPACE Sparsec:: DESTINATION ${package})
configure_package_config_file(cmake/SparsecConfig.cmake.in ${PROJECT_BINARY_DIR}/SparsecConfig.cmake
  INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/SparsecConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/SparsecConfig.cmake ${PROJECT_BINARY_DIR}/SparsecConfigVersion.cmake cmake/AddSparseModel.cmake
  DESTINATION ${package})

# What was installed is written down where it lies, so that each prefix can be emptied, whatever became of the build folder. Of two installs into
# one prefix, the later knows the files of both. Not for packages (DESTDIR), which have lists of their own.
install(CODE [[
  if("$ENV{DESTDIR}" STREQUAL "")
    set(manifest "${CMAKE_INSTALL_PREFIX}/lib/sparsec/install_manifest.txt")
    set(files ${CMAKE_INSTALL_MANIFEST_FILES})
    if(EXISTS "${manifest}")
      file(STRINGS "${manifest}" before)
      list(APPEND files ${before})
    endif()
    list(APPEND files "${manifest}")
    list(REMOVE_DUPLICATES files)
    list(JOIN files "\n" text)
    file(WRITE "${manifest}" "${text}\n")
    list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${manifest}")
  endif()
]])

add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -DSPARSEC_MANIFEST=${PROJECT_BINARY_DIR}/install_manifest.txt -P ${PROJECT_SOURCE_DIR}/cmake/uninstall.cmake
  VERBATIM)
