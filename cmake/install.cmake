# `cmake --install build --prefix P` makes a tree that can be moved: nothing in it names a folder of the build. Its components:
#   runtime  P/bin/torchport, a link to P/lib/torchport/bin/, where programs and modules lie together; P/lib/torchport/lib/, the carried
#            libraries; specs, schemas, examples
#   opencv   the module for BMP photos, whose OpenCV brings 140 libraries (on Debian some under the GPL)
#   cuda     the module for GPUs, where one was built
#   devel    headers, static libraries and the CMake package, for find_package(torchport): examples/consumer
option(TORCHPORT_CARRY_LIBRARIES "Install LibTorch, Arrow, and what else is not of the system beside the programs" ON)
set(programs lib/torchport/bin)
set(carried lib/torchport/lib)
set(package lib/cmake/torchport)

# --- runtime -------------------------------------------------------------------------------------------------------------------

set(static_libraries "")
set(modules "")
foreach(folder IN ITEMS runtime models datasets component component/cuda)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(kind ${target} TYPE)
    if(kind STREQUAL "STATIC_LIBRARY")
      list(APPEND static_libraries ${target})
    elseif(kind STREQUAL "MODULE_LIBRARY")
      list(APPEND modules ${target})
    endif()
  endforeach()
endforeach()
get_filename_component(torch_libraries "${LibTorch_CPU_LIBRARY}" DIRECTORY)
get_filename_component(arrow_libraries "${Arrow_arrow_LIBRARY}" DIRECTORY)
set(places "$ORIGIN/../lib")
if(NOT TORCHPORT_CARRY_LIBRARIES)
  set(places "${torch_libraries}" "${arrow_libraries}")
endif()
set_target_properties(torchport torchport-worker ${modules} PROPERTIES INSTALL_RPATH "${places}")
foreach(module IN LISTS modules)
  set(part runtime)
  if(module MATCHES "^torchport-(opencv|cuda)$")
    set(part ${CMAKE_MATCH_1})
  endif()
  install(TARGETS ${module} LIBRARY DESTINATION ${programs} COMPONENT ${part})
endforeach()
install(TARGETS torchport torchport-worker RUNTIME_DEPENDENCY_SET torchport_needs RUNTIME DESTINATION ${programs} COMPONENT runtime)
install(CODE "
  set(bin \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin\")
  file(MAKE_DIRECTORY \"\${bin}\")
  file(CREATE_LINK ../${programs}/torchport \"\${bin}/torchport\" SYMBOLIC)" COMPONENT runtime)
if(TORCHPORT_CARRY_LIBRARIES)   # a distribution's own LibTorch or Arrow is one of the system's; so is GCC's OpenMP, the GPL's only part of a wheel
  install(RUNTIME_DEPENDENCY_SET torchport_needs PRE_EXCLUDE_REGEXES "^libgomp[.]" POST_EXCLUDE_REGEXES "^/(usr/)?lib(32|64)?/"
    LIBRARY DESTINATION ${carried} COMPONENT runtime)
  # Those of wheels look for their neighbours among other wheels, and have symbols that nothing needs. NVIDIA's stay as they are.
  install(CODE "
    file(GLOB libraries \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${carried}/lib*\")
    list(FILTER libraries INCLUDE REGEX \"/lib(torch|c10|arrow|parquet)[^/]*\\$\")
    foreach(library IN LISTS libraries)
      file(RPATH_SET FILE \"\${library}\" NEW_RPATH \"\$ORIGIN\")
      if(CMAKE_INSTALL_DO_STRIP)
        execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-unneeded \"\${library}\" COMMAND_ERROR_IS_FATAL ANY)
      endif()
    endforeach()" COMPONENT runtime)
endif()
install(DIRECTORY spec/ DESTINATION share/torchport/spec COMPONENT runtime FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json")
install(FILES docs/reference/pipeline.schema.json DESTINATION share/torchport/schemas COMPONENT runtime)
install(DIRECTORY examples DESTINATION share/torchport COMPONENT runtime USE_SOURCE_PERMISSIONS)

# --- devel ---------------------------------------------------------------------------------------------------------------------

foreach(library IN LISTS static_libraries ITEMS torchport_options)
  string(REPLACE "torchport_" "" name "${library}")
  set_target_properties(${library} PROPERTIES EXPORT_NAME "${name}")
endforeach()
install(TARGETS ${static_libraries} torchport_options EXPORT torchport ARCHIVE DESTINATION lib COMPONENT devel)
install(EXPORT torchport NAMESPACE torchport:: FILE torchportTargets.cmake DESTINATION ${package} COMPONENT devel)
foreach(folder IN ITEMS runtime models datasets component)
  install(DIRECTORY ${folder} DESTINATION include/torchport COMPONENT devel FILES_MATCHING PATTERN "*.h"
    PATTERN codecs/*/* EXCLUDE PATTERN component/cuda/plugin EXCLUDE)
endforeach()
install(FILES component/worker/main.cpp DESTINATION ${package} RENAME worker_main.cpp COMPONENT devel)
install(FILES cmake/FindArrow.cmake cmake/FindLibTorch.cmake cmake/plugins.cmake cmake/torchport_programs.cmake DESTINATION ${package} COMPONENT devel)
include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/torchportConfig.cmake.in "${CMAKE_BINARY_DIR}/package/torchportConfig.cmake"
  INSTALL_DESTINATION ${package} PATH_VARS programs NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/package/torchportConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/package/torchportConfig.cmake" "${CMAKE_BINARY_DIR}/package/torchportConfigVersion.cmake"
  DESTINATION ${package} COMPONENT devel)
