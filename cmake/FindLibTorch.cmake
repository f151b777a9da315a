# Finds the LibTorch that a PyTorch wheel (or a libtorch archive) carries, with or without a CUDA toolkit.
# find_package(Torch) is not used: it fails without a toolkit, and under C++20 with one.
#   in : LIBTORCH_ROOT (cache or environment): the folder that has include/ and lib/
#   out: LibTorch::cpu (torch_cpu and c10), LibTorch::openmp (the runtime of its thread pool), LibTorch_VERSION
include(FindPackageHandleStandardArgs)
if(NOT LIBTORCH_ROOT)
  set(LIBTORCH_ROOT "$ENV{LIBTORCH_ROOT}" CACHE PATH "Folder with LibTorch's include/ and lib/" FORCE)
endif()
find_path(LibTorch_INCLUDE_DIR torch/csrc/api/include/torch/torch.h HINTS "${LIBTORCH_ROOT}/include" NO_DEFAULT_PATH)
find_library(LibTorch_CPU_LIBRARY torch_cpu HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
find_file(LibTorch_OPENMP_LIBRARY libgomp.so.1 HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
if(NOT LibTorch_OPENMP_LIBRARY)  # a LibTorch that a distribution builds shares the system's
  find_library(LibTorch_OPENMP_LIBRARY NAMES libgomp.so.1 gomp)
endif()
foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  if(NOT LibTorch_VERSION AND EXISTS "${LibTorch_INCLUDE_DIR}/${header}")
    file(STRINGS "${LibTorch_INCLUDE_DIR}/${header}" version_lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
    string(REGEX REPLACE "[^0-9;]" "" version_lines "${version_lines}")
    list(JOIN version_lines "." LibTorch_VERSION)
  endif()
endforeach()
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_OPENMP_LIBRARY LibTorch_INCLUDE_DIR VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "set LIBTORCH_ROOT, or run ./dev setup, which installs it")
if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  find_package(Threads REQUIRED)
  # A CUDA wheel's libtorch_cpu.so needs libcupti and libcudart even on a machine without a GPU.
  execute_process(COMMAND ldd "${LibTorch_CPU_LIBRARY}" OUTPUT_VARIABLE needed ERROR_QUIET)
  string(REGEX MATCHALL "lib[^ \t\n]+ => not found" missing "${needed}")
  if(missing)
    message(FATAL_ERROR "libtorch_cpu.so lacks ${missing}. ./dev setup installs the wheels that carry them.")
  endif()
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION "${LibTorch_C10_LIBRARY}")
  add_library(LibTorch::openmp SHARED IMPORTED)
  set_target_properties(LibTorch::openmp PROPERTIES IMPORTED_LOCATION "${LibTorch_OPENMP_LIBRARY}")
  add_library(LibTorch::cpu SHARED IMPORTED)
  set_target_properties(LibTorch::cpu PROPERTIES
    IMPORTED_LOCATION "${LibTorch_CPU_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_LINK_LIBRARIES "LibTorch::c10;Threads::Threads;${CMAKE_DL_LIBS}")
endif()
