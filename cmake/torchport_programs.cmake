# For those who use an installed torchport from a project of their own: examples/consumer.
set(torchport_PACKAGE "${CMAKE_CURRENT_LIST_DIR}")

# torchport_modules(FOLDER): in FOLDER, links to the installed modules. A program looks for them beside itself, when a photo comes that is
# TIFF, WebP, GIF, HEIC or BMP; without them JPEG, PNG and PNM are read.
function(torchport_modules folder)
  file(MAKE_DIRECTORY "${folder}")
  file(GLOB modules "${torchport_PROGRAMS}/torchport-*.so")
  foreach(module IN LISTS modules)
    get_filename_component(name "${module}" NAME)
    file(CREATE_LINK "${module}" "${folder}/${name}" SYMBOLIC)
  endforeach()
endfunction()

# torchport_programs(FOLDER [ARCHITECTURES folder] [COMPONENTS folder]): torchport and torchport-worker in FOLDER, with networks and components
# from folders of such files (docs/adding-things.md) beside the installed ones. Their specs are given to each call: --spec-dir.
function(torchport_programs folder)
  cmake_parse_arguments(ARG "" "ARCHITECTURES;COMPONENTS" "" ${ARGN})
  add_executable(torchport-worker "${torchport_PACKAGE}/worker_main.cpp")
  set_target_properties(torchport-worker PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${folder}")
  target_link_libraries(torchport-worker PRIVATE torchport::worker_parts)
  # What its own sources have precompiled.
  target_compile_options(torchport-worker PRIVATE "SHELL:-include models/torch_pch.h")
  if(ARG_ARCHITECTURES)
    add_plugins(torchport-worker FOLDER "${ARG_ARCHITECTURES}" BESIDE torchport::models TABLE torchport::models::architectures)
  endif()
  if(ARG_COMPONENTS)
    add_plugins(torchport-worker FOLDER "${ARG_COMPONENTS}" BESIDE torchport::components TABLE torchport::component::functions)
  endif()
  torchport_modules("${folder}")
  file(COPY "${torchport_PROGRAMS}/torchport" DESTINATION "${folder}")   # it starts the worker beside itself
endfunction()
