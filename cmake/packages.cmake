# Debian packages by CPack, from install.cmake's components: `./dev deb`. dpkg-shlibdeps finds what each depends on; LibTorch, Arrow and
# what else is not the system's travel in the private folder of the programs.
set(TORCHPORT_MAINTAINER "torchport maintainers <maintainers@torchport.example>" CACHE STRING "Who answers for the packages that are made here")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_NAME torchport)
set(CPACK_PACKAGE_VENDOR torchport)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")   # each package has its own
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/packages")
set(CPACK_COMPONENTS_ALL runtime opencv devel)   # a package that GPUs use would need NVIDIA's libraries: docs/gpu.md
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${TORCHPORT_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)   # xz takes minutes for it
set(CPACK_THREADS 0)
set(revision "${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME torchport)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS openmpi-bin)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS "torchport-opencv, graphviz, dataset-fashion-mnist")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "image classification: train, score and evaluate networks
The image-classification components of the Azure Machine Learning designer
as native programs. They train ResNet and DenseNet in one process or under
mpirun, score and evaluate images, and run whole graphs of such steps from
one file. Neither Python nor a service is needed.

LibTorch and Apache Arrow are included, as Debian has no fitting version.")

set(CPACK_DEBIAN_OPENCV_PACKAGE_NAME torchport-opencv)
set(CPACK_DEBIAN_OPENCV_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_OPENCV_PACKAGE_DEPENDS "torchport (= ${revision})")
set(CPACK_COMPONENT_OPENCV_DESCRIPTION "image classification: BMP photos, through OpenCV
The module with which torchport reads BMP photos. It is apart because OpenCV
brings 140 libraries along, some of them under the GPL.")

set(CPACK_DEBIAN_DEVEL_PACKAGE_NAME torchport-dev)
set(CPACK_DEBIAN_DEVEL_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVEL_PACKAGE_DEPENDS "torchport (= ${revision}), libjpeg-dev, libpng-dev, zlib1g-dev, libarchive-dev, libssl-dev, \
libcurl4-openssl-dev, libyaml-cpp-dev, libboost-program-options-dev, libprotobuf-dev, protobuf-compiler, nlohmann-json3-dev, libopenmpi-dev")
set(CPACK_COMPONENT_DEVEL_DESCRIPTION "image classification: headers and static libraries
For programs with torchport's libraries in them, and for networks and
components of one's own, by CMake's find_package(torchport). LibTorch and
Arrow, whose headers they take, are not included.")

# What every package has: its copyright and its changes.
find_program(GZIP gzip REQUIRED)
function(gzipped text name)   # into package/NAME.gz, the same bytes each time
  set(file "${CMAKE_BINARY_DIR}/package/${name}")
  file(CONFIGURE OUTPUT "${file}" CONTENT "${text}" @ONLY)
  execute_process(COMMAND "${GZIP}" -9nkf "${file}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()
execute_process(COMMAND git log -1 --format=%cD WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT date)   # not a clone
  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
endif()
gzipped("torchport (${revision}) unstable; urgency=medium

  * Packaged from its own tree by CPack; changelog.gz says what changed.

 -- ${TORCHPORT_MAINTAINER}  ${date}
" changelog.Debian)
file(READ "${CMAKE_SOURCE_DIR}/CHANGELOG.md" changes)
gzipped("${changes}" changelog)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS CHANGELOG.md)
foreach(part IN ITEMS runtime:torchport opencv:torchport-opencv devel:torchport-dev)
  string(REPLACE ":" ";" part "${part}")
  list(POP_FRONT part component)
  install(FILES cmake/packaging/copyright "${CMAKE_BINARY_DIR}/package/changelog.Debian.gz" "${CMAKE_BINARY_DIR}/package/changelog.gz"
    DESTINATION share/doc/${part} COMPONENT ${component})
  install(FILES cmake/packaging/${part}.lintian-overrides DESTINATION share/lintian/overrides RENAME ${part} COMPONENT ${component} OPTIONAL)
endforeach()

# The licences of what is carried, as their wheels have them. Not below share/doc, which images of containers leave out.
file(GLOB licences "${LIBTORCH_ROOT}/../torch-*.dist-info/licenses/*" "${LIBTORCH_ROOT}/../pyarrow-*.dist-info/licenses/*")
foreach(file IN LISTS licences)
  string(REGEX REPLACE "^.*/(torch|pyarrow)-[^/]*/licenses/([A-Z]+).*$" "\\1-\\2" name "${file}")
  install(FILES "${file}" DESTINATION share/torchport/licences RENAME ${name} COMPONENT runtime)
endforeach()

install(FILES docs/licences.md DESTINATION share/torchport/licences COMPONENT runtime)
install(CODE "
  file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/doc/torchport\")
  file(CREATE_LINK ../../torchport/examples \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/doc/torchport/examples\" SYMBOLIC)
  set(page \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/man/man1\")
  file(MAKE_DIRECTORY \"\${page}\")
  execute_process(COMMAND bash \"${CMAKE_SOURCE_DIR}/cmake/packaging/man_page.sh\" \"$<TARGET_FILE:torchport>\" \"\${page}/torchport.1\" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND \"${GZIP}\" -9nf \"\${page}/torchport.1\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT runtime)
include(CPack)
