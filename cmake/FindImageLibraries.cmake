# Finds the libraries of image formats that come without CMake files, or with some that differ from one distribution to the next.
#   out: WebP::webp, WebP::demux, LCMS2::LCMS2, and HEIF::HEIF where libheif is there
include(FindPackageHandleStandardArgs)
function(image_library target header library)
  string(MAKE_C_IDENTIFIER "ImageLibraries_${library}" name)
  find_path(${name}_INCLUDE_DIR ${header})
  find_library(${name}_LIBRARY ${library})
  if(${name}_INCLUDE_DIR AND ${name}_LIBRARY AND NOT TARGET ${target})
    add_library(${target} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES
      IMPORTED_LOCATION "${${name}_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${${name}_INCLUDE_DIR}")
  endif()
endfunction()
image_library(WebP::webp webp/decode.h webp)
image_library(WebP::demux webp/demux.h webpdemux)
image_library(LCMS2::LCMS2 lcms2.h lcms2)
image_library(HEIF::HEIF libheif/heif.h heif)
find_package_handle_standard_args(ImageLibraries REQUIRED_VARS
  ImageLibraries_webp_LIBRARY ImageLibraries_webpdemux_LIBRARY ImageLibraries_lcms2_LIBRARY)
if(NOT TARGET HEIF::HEIF)
  message(STATUS "No libheif: HEIC images will be refused. Debian package libheif-dev")
endif()
