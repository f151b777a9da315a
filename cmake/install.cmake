# `cmake --install build --prefix DIR`: DIR/bin has the programs and their modules, DIR/lib the libraries of LibTorch and Arrow that they
# need. The folder may be moved; nothing in it names the folders of the build or of the downloads. The system's libraries stay where they are.
get_property(modules DIRECTORY datasets PROPERTY BUILDSYSTEM_TARGETS)
get_property(cuda_module DIRECTORY component/cuda PROPERTY BUILDSYSTEM_TARGETS)
foreach(module IN LISTS modules cuda_module)
  get_target_property(kind ${module} TYPE)
  if(kind STREQUAL "MODULE_LIBRARY")
    install(TARGETS ${module} LIBRARY DESTINATION bin)
  endif()
endforeach()
set_target_properties(torchport torchport-worker PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
install(TARGETS torchport torchport-worker RUNTIME_DEPENDENCY_SET torchport_needs RUNTIME DESTINATION bin)

get_filename_component(torch_libraries "${LibTorch_CPU_LIBRARY}" DIRECTORY)
get_filename_component(arrow_libraries "${Arrow_arrow_LIBRARY}" DIRECTORY)
get_filename_component(nvidia_wheels "${LIBTORCH_ROOT}/../nvidia" ABSOLUTE)
set(ours "")
foreach(folder IN ITEMS "${torch_libraries}" "${arrow_libraries}" "${nvidia_wheels}")
  if(NOT folder MATCHES "^/(usr/)?lib")   # a distribution's own LibTorch or Arrow is one of the system's
    string(REGEX REPLACE "([][+.*()^$?|\\\\])" "\\\\\\1" pattern "${folder}")
    list(APPEND ours "^${pattern}/")
  endif()
endforeach()
install(RUNTIME_DEPENDENCY_SET torchport_needs POST_INCLUDE_REGEXES ${ours} POST_EXCLUDE_REGEXES "." LIBRARY DESTINATION lib)
