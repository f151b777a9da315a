# Finds the C++ libraries of Apache Arrow and Parquet that the pyarrow wheel carries, with their headers.
#   in : ARROW_ROOT (cache or environment): the folder that has include/ and libarrow.so.<n>; default: pyarrow beside LibTorch
#   out: Arrow::arrow, Arrow::parquet, Arrow_VERSION
include(FindPackageHandleStandardArgs)
if(NOT ARROW_ROOT)
  set(ARROW_ROOT "$ENV{ARROW_ROOT}" CACHE PATH "Folder with Arrow's include/ and libraries, e.g. site-packages/pyarrow" FORCE)
endif()
set(places "${ARROW_ROOT}")
if(NOT ARROW_ROOT)
  set(places "${LIBTORCH_ROOT}/../pyarrow")
endif()
find_path(Arrow_INCLUDE_DIR parquet/arrow/writer.h HINTS "${places}/include" NO_DEFAULT_PATH)
set(soversion "")
if(Arrow_INCLUDE_DIR)
  file(READ "${Arrow_INCLUDE_DIR}/arrow/util/config.h" config)
  string(REGEX MATCH "ARROW_VERSION_STRING \"([0-9.]+)\"" found "${config}")
  set(Arrow_VERSION "${CMAKE_MATCH_1}")
  string(REGEX MATCH "ARROW_SO_VERSION \"([0-9]+)\"" found "${config}")
  set(soversion "${CMAKE_MATCH_1}")
endif()
foreach(library arrow parquet)  # a wheel has no links without a version
  find_library(Arrow_${library}_LIBRARY NAMES lib${library}.so.${soversion} HINTS "${places}" "${places}/lib" NO_DEFAULT_PATH)
endforeach()
find_package_handle_standard_args(Arrow REQUIRED_VARS Arrow_arrow_LIBRARY Arrow_parquet_LIBRARY Arrow_INCLUDE_DIR VERSION_VAR Arrow_VERSION
  REASON_FAILURE_MESSAGE "set ARROW_ROOT to a pyarrow wheel's folder, or run ./dev setup, which installs one")
if(Arrow_FOUND AND NOT TARGET Arrow::arrow)
  foreach(library arrow parquet)
    add_library(Arrow::${library} SHARED IMPORTED)
    set_target_properties(Arrow::${library} PROPERTIES
      IMPORTED_LOCATION "${Arrow_${library}_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${Arrow_INCLUDE_DIR}")
  endforeach()
endif()
