// The one function of the module torchport-opencv. OpenCV's image formats bring 140 libraries, which would cost each start of a
// program a tenth of a second: they are loaded when the first BMP image comes.
#pragma once
#include <cstddef>

namespace torchport::datasets::opencv {

/// The module's interface; to be raised with each change of what follows.
inline constexpr int kVersion = 2;

enum class Imdecode : int { done, broken, other_size };

/// 8-bit RGB pixels of encoded bytes, into `rgb`, which has room for width x height.
using ImdecodeFunction = Imdecode(const unsigned char* bytes, std::size_t size, int width, int height, unsigned char* rgb);
extern "C" ImdecodeFunction torchport_imdecode;

}  // namespace torchport::datasets::opencv
